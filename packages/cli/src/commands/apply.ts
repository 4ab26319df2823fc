import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { readPolicy, type GivenPolicy } from '@tersor/compression';
import { TersorError } from '@tersor/core';
import { episodePolicy, type ChosenEpisode } from '../applying/episode-policy.js';
import { collect, wholeNumber } from '../option-values.js';
import { runCompression, type CompressionFlags } from '../run-compression.js';

interface Options extends CompressionFlags {
  config: string;
  episode?: number;
  stage?: ChosenEpisode['stage'];
}

/** `tersor apply <policy>`: applies a policy from an earlier search. */
export function applyCommand(): Command {
  return new Command('apply')
    .description(
      'apply the policy of an earlier compression: prune, refit, fine-tune, quantize, measure and write, without a search',
    )
    .argument('<policy>', 'policy.json that "tersor compress" wrote, or its output folder')
    .requiredOption('--config <config>', 'YAML or JSON config that the policy was found with')
    .requiredOption('--out <dir>', 'output folder')
    .option(
      '--episode <number>',
      'of an output folder: apply that candidate of the search instead of the winner',
      wholeNumber('--episode', 1),
    )
    .addOption(
      new Option('--stage <stage>', 'whose episode it is (default: prune, where there is one)').choices([
        'prune',
        'quantize',
      ]),
    )
    .option('--set <path=value>', 'replace a value of the config; may be repeated', collect, [])
    .option('--resume', 'continue from the checkpoint that a stopped run left in the output folder')
    .option('--json', 'print the summary as JSON')
    .option('--quiet', 'no progress')
    .option('--log <file>', 'append a log for programs: one JSON object per line')
    .action(async (place: string, { config, episode, stage, ...flags }: Options) =>
      runCompression(config, flags, await policyAt(resolve(place), { episode, stage })),
    );
}

async function policyAt(
  place: string,
  { episode, stage }: { readonly episode?: number | undefined; readonly stage: Options['stage'] },
): Promise<GivenPolicy> {
  const isFolder = await stat(place).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (episode !== undefined && isFolder) return episodePolicy(place, { episode, stage });
  const lost = episode !== undefined ? '--episode' : stage !== undefined ? '--stage' : undefined;
  if (lost !== undefined)
    throw new TersorError('CONFIG_INVALID', `${lost} needs the output folder of a run and --episode.`, {
      hint: 'A policy.json only holds the winner; the candidates are in episodes.jsonl beside it.',
    });
  return readPolicy(isFolder ? join(place, 'policy.json') : place);
}
