import { Command } from 'commander';
import { collect } from '../option-values.js';
import { placedConfig } from '../placed-config.js';
import { runCompression, type CompressionFlags } from '../run-compression.js';

interface Options extends CompressionFlags {
  directory?: string;
  set: string[];
}

/** `tersor compress <config>`: runs both stages, and writes the results into a folder. */
export function compressCommand(): Command {
  return new Command('compress')
    .description('search a pruning and a quantization policy for a model, and write the smaller model')
    .argument('<config>', 'YAML or JSON config')
    .option('--directory <dir>', "folder that paths in the config are relative to (default: the config's)")
    .option('--out <dir>', 'output folder (default: "output" of the config)')
    .option('--set <path=value>', 'replace a value of the config; may be repeated', collect, [])
    .option('--resume', 'continue from the checkpoint that a stopped run left in the output folder')
    .option(
      '--inputs <file>',
      'refuse to run if model, data, plugins or version are not those of this JSON ("identity" of a summary.json)',
    )
    .option('--json', 'print the summary as JSON')
    .option('--quiet', 'no progress')
    .option('--log <file>', 'append a log for programs: one JSON object per line')
    .action(async (path: string, { directory, set, ...flags }: Options) =>
      runCompression(await placedConfig(path, { directory, set }), flags),
    );
}
