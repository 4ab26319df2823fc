import { resolve } from 'node:path';
import { Command } from 'commander';
import { readPolicy } from '@tersor/compression';
import { collect } from '../option-values.js';
import { runCompression, type CompressionFlags } from '../run-compression.js';

/** `tersor apply <policy>`: carries out what a search has found, without a search. */
export function applyCommand(): Command {
  return new Command('apply')
    .description(
      'carry out the policy of an earlier compression: prune, refit, fine-tune, quantize, measure and write, without a search',
    )
    .argument('<policy>', 'policy.json that "tersor compress" wrote')
    .requiredOption('--config <config>', 'YAML or JSON config that the policy was found with')
    .requiredOption('--out <dir>', 'output folder')
    .option('--set <path=value>', 'replace a value of the config; may be repeated', collect, [])
    .option('--resume', 'go on from the checkpoint that a stopped run left in the output folder')
    .option('--json', 'print the summary as JSON')
    .option('--quiet', 'no progress')
    .option('--log <file>', 'append a log for programs: one JSON object per line')
    .action(async (policy: string, { config, ...flags }: CompressionFlags & { config: string }) =>
      runCompression(config, flags, await readPolicy(resolve(policy))),
    );
}
