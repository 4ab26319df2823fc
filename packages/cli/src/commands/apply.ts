import { dirname, join, normalize, relative, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { readPolicy, type GivenPolicy } from '@tersor/compression';
import { isFolder, TersorError } from '@tersor/core';
import { episodePolicy } from '../applying/episode-policy.js';
import { freeOutput, type Chosen } from '../applying/free-output.js';
import { recordedConfig } from '../applying/recorded-config.js';
import { collect, wholeNumber } from '../option-values.js';
import { placedConfig } from '../placed-config.js';
import { runCompression, type CompressionFlags } from '../run-compression.js';

interface Options extends CompressionFlags, Chosen {
  config?: string;
  directory?: string;
  set: string[];
}

/** `tersor apply <run>`: applies a policy from an earlier search. */
export function applyCommand(): Command {
  return new Command('apply')
    .description(
      'apply the policy of an earlier compression: prune, refit, fine-tune, quantize, measure and write, without a search',
    )
    .argument('<run>', 'output folder of "tersor compress", or its policy.json')
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
    .option('--config <config>', 'YAML or JSON config to use (default: the one that the run recorded)')
    .option('--directory <dir>', "folder that paths in the config are relative to (default: the config's)")
    .option('--out <dir>', 'output folder (default: a new one beside the run, such as RUN-episode-17)')
    .option('--set <path=value>', 'replace a value of the config; may be repeated', collect, [])
    .option('--resume', 'continue from the checkpoint that a stopped run left in the output folder')
    .option('--json', 'print the summary as JSON')
    .option('--quiet', 'no progress')
    .option('--log <file>', 'append a log for programs: one JSON object per line')
    .action(async (given: string, { config, directory, set, episode, stage, ...flags }: Options) => {
      const place = await placeOf(given);
      const policy = await policyAt(place, { episode, stage });
      const folder = resolve(place.folder);
      const out =
        flags.out ?? relative('', await freeOutput(folder, { episode, stage, resume: flags.resume }));
      const placed =
        config === undefined
          ? await recordedConfig(folder, { directory, set })
          : await placedConfig(config, { directory, set });
      await runCompression(placed, { ...flags, out }, policy);
    });
}

interface Place {
  /** Of the run; relative where it was given so, and so are messages and results that name it. */
  readonly folder: string;
  /** The file that was named instead of the folder. */
  readonly file?: string;
}

async function placeOf(given: string): Promise<Place> {
  const path = normalize(given);
  return (await isFolder(path)) ? { folder: path } : { folder: dirname(path), file: path };
}

async function policyAt({ folder, file }: Place, { episode, stage }: Chosen): Promise<GivenPolicy> {
  if (file === undefined && episode !== undefined) return episodePolicy(folder, { episode, stage });
  if (file === undefined && stage !== undefined)
    throw new TersorError('CONFIG_INVALID', '--stage needs --episode: it says whose episode that is.', {
      hint: 'Without --episode, the winner of both stages is applied.',
    });
  const policy = await readPolicy(file ?? join(folder, 'policy.json'));
  const lost = episode !== undefined ? '--episode' : stage !== undefined ? '--stage' : undefined;
  if (lost !== undefined)
    throw new TersorError(
      'CONFIG_INVALID',
      `A policy file has no episodes: ${lost} does not go with ${file}.`,
      {
        hint: `It only holds the winner. Give the output folder of the run instead: ${folder}`,
      },
    );
  return policy;
}
