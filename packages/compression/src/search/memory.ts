import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  selectorParts,
  TersorError,
  type Agent,
  type CompressConfig,
  type OtherEpisode,
  type PruneConfig,
  type QuantizeConfig,
  type RunIdentity,
  type Selector,
  type StatedFile,
} from '@tersor/core';
import type { EpisodeRecord } from '@tersor/rl';
import { z } from 'zod';
import type { SearchFigures } from '../results/pipeline-types.js';

export type Stage = 'prune' | 'quantize';
type StageConfig = PruneConfig | QuantizeConfig;

/** What is read from an earlier run. */
interface Run {
  readonly identity?: RunIdentity;
  readonly seed?: number;
  readonly config?: { readonly prune?: PruneConfig; readonly quantize?: QuantizeConfig };
  readonly search?: Readonly<Partial<Record<Stage, Pick<SearchFigures, 'features'>>>>;
}

type StagedEpisode = EpisodeRecord & { readonly stage: string };

/** What of a summary must be as it is written: the file may be damaged, or be of another program. */
const runSchema = z.looseObject({
  identity: z
    .looseObject({
      model: z.looseObject({ topology: z.string(), weights: z.string() }),
      dataset: z.string(),
    })
    .optional(),
  config: z
    .looseObject({ prune: z.looseObject({}).optional(), quantize: z.looseObject({}).optional() })
    .optional(),
});
const episodeSchema = z.looseObject({
  stage: z.string(),
  actions: z.array(z.array(z.number())),
  measures: z.looseObject({}),
});

/** Episodes of earlier runs for the agent of a stage. */
export interface StageMemory {
  /** In the same environment, in their order. */
  readonly own: readonly EpisodeRecord[];
  /** In those of other networks, one list per run. */
  readonly others: readonly (readonly OtherEpisode[])[];
}

/** Where the config names earlier runs. */
export const PLACES = { prune: 'prune.search.memory', quantize: 'quantize.search.memory' } as const;
const NUMBERS = { prune: 1, quantize: 2 } as const;
const HINT = 'Name output folders of finished runs of the same search, or leave the folder out.';

/** Settings that say what an action of another network means. */
const KINDS = {
  prune: ['environment', 'reward', 'pruner'],
  quantize: ['environment', 'reward', 'quantizer', 'bits', 'activations', 'actions'],
} as const;

/** Settings that say what an action does and what it is worth. */
const DECISIVE = {
  prune: [...KINDS.prune, 'budget', 'stages', 'minimum', 'multiple', 'exclude'],
  quantize: [...KINDS.quantize, 'budget', 'exclude'],
} as const;

const PLUGINS: readonly string[] = ['environment', 'reward', 'pruner', 'quantizer'];

/** Files of earlier runs that a config's searches learn from: they count for the identity of the run. */
export function memoryFiles(config: CompressConfig): StatedFile[] {
  return (['prune', 'quantize'] as const).flatMap((stage) =>
    (config[stage]?.search.memory ?? []).map((folder) => ({
      place: PLACES[stage],
      path: join(folder, 'episodes.jsonl'),
    })),
  );
}

/**
 * The episodes of the runs that `search.memory` of a stage names. Those of another network, which agents may
 * study, need what its environment knew of its steps. Stage 2 of a run with a stage 1 begins with the same
 * network where stage 1, seed and data are the same. Throws `CONFIG_INVALID` for a folder without the results
 * of a run, for a run of the same network with another environment, reward, budget, pruner or quantizer, and
 * for one of another network whose steps are not known.
 */
export async function readMemory(
  stage: Stage,
  config: CompressConfig,
  { directory, identity }: { readonly directory: string; readonly identity: RunIdentity },
): Promise<StageMemory> {
  const place = PLACES[stage];
  const folders = config[stage]?.search.memory ?? [];
  const refuse = (message: string) =>
    new TersorError('CONFIG_INVALID', `${place}: ${message}`, { hint: HINT });
  if (folders.length > 0 && stage === 'prune' && config.prune!.stages)
    throw new TersorError('CONFIG_INVALID', `${place}: episodes are not carried into "prune.stages".`, {
      hint: 'Leave one of the two out: each round of "prune.stages" searches in another network.',
    });
  const own: EpisodeRecord[] = [];
  const others: OtherEpisode[][] = [];
  for (const folder of folders) {
    const path = (name: string) => join(resolve(directory, folder), name);
    const run = await readRun(
      place,
      folder,
      path('summary.json'),
      (text) => runSchema.parse(JSON.parse(text)) as unknown as Run,
    );
    if (!run.identity || !run.config?.[stage])
      throw refuse(`the run in ${folder} has no stage ${NUMBERS[stage]}.`);
    const other = otherNetwork(stage, run, { config, identity });
    const keys = other === undefined ? DECISIVE[stage] : KINDS[stage];
    const difference = differenceOf(stage, run.config[stage], config[stage]!, keys);
    if (difference !== undefined) throw refuse(`the run in ${folder} ${difference}.`);
    const lines = await readRun(place, folder, path('episodes.jsonl'), (text) =>
      text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => episodeSchema.parse(JSON.parse(line)) as unknown as StagedEpisode),
    );
    const records = lines.filter((line) => line.stage === stage);
    if (records.length === 0)
      throw refuse(`the run in ${folder} has no episodes of stage ${NUMBERS[stage]}.`);
    if (other === undefined) {
      own.push(...records);
      continue;
    }
    const features = run.search?.[stage]?.features;
    if (!features)
      throw refuse(
        `the run in ${folder} ${other}, and says nothing of its steps (the environment "residual" does).`,
      );
    others.push(records.map(({ actions, reward }) => ({ features, actions, reward })));
  }
  return { own, others };
}

/**
 * Throws `CONFIG_INVALID` where there are episodes of other networks and an agent that cannot learn from
 * them.
 */
export function requireStudent({ study }: Agent, stage: Stage, agent: string, { others }: StageMemory): void {
  if (others.length === 0 || study) return;
  throw new TersorError(
    'CONFIG_INVALID',
    `${PLACES[stage]}: a run is of another network, from which the agent "${agent}" learns nothing.`,
    {
      hint: 'The agent { use: ensemble, shared: true } does; otherwise name only runs of the same network.',
    },
  );
}

async function readRun<T>(
  place: string,
  folder: string,
  path: string,
  parse: (text: string) => T,
): Promise<T> {
  try {
    return parse(await readFile(path, 'utf8'));
  } catch (cause) {
    const message = `${place}: ${folder} holds no results of a run (${path} cannot be read).`;
    throw new TersorError('CONFIG_INVALID', message, { cause, hint: HINT });
  }
}

/** In words, why an earlier run's stage began with another network; undefined where it was the same. */
function otherNetwork(
  stage: Stage,
  { identity: before, seed, config: then }: Run,
  { config, identity }: { readonly config: CompressConfig; readonly identity: RunIdentity },
): string | undefined {
  if (before!.model.topology !== identity.model.topology) return 'is of a network of another topology';
  if (before!.model.weights !== identity.model.weights) return 'is of a network with other weights';
  if (stage === 'prune' || (!then!.prune && !config.prune)) return undefined;
  const isSame =
    seed === config.seed &&
    before!.dataset === identity.dataset &&
    isDeepStrictEqual(asJson(then!.prune), asJson(config.prune));
  return isSame ? undefined : 'had another stage 1, and so another network in stage 2';
}

/** What an earlier run's settings differ in, so that its episodes say nothing here; in words. */
function differenceOf(
  stage: Stage,
  before: StageConfig,
  now: StageConfig,
  keys: readonly string[],
): string | undefined {
  const key = keys.find((each) => !isDeepStrictEqual(plain(stage, before, each), plain(stage, now, each)));
  if (key === undefined) return undefined;
  const said = (config: StageConfig) => {
    const value = (config as Readonly<Record<string, unknown>>)[key];
    return value === undefined ? 'not set' : JSON.stringify(value);
  };
  return `had "${stage}.${key}" ${said(before)}, which is now ${said(now)}`;
}

/** A setting as JSON; plugins by name and by name with options alike. */
function plain(stage: Stage, config: StageConfig, key: string): unknown {
  const usual = stage === 'prune' ? 'pruning' : 'bit-width';
  const given = (config as Readonly<Record<string, unknown>>)[key];
  const value = key === 'environment' ? (given ?? usual) : given;
  if (value === undefined) return value;
  return asJson(
    PLUGINS.includes(key) ? [value].flat().map((each) => selectorParts(each as Selector)) : value,
  );
}

function asJson(value: unknown): unknown {
  return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown);
}
