import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  selectorParts,
  TersorError,
  type CompressConfig,
  type Environment,
  type Evaluation,
  type PruneConfig,
  type PruneTask,
  type RunIdentity,
  type Selector,
  type StatedFile,
  type Transition,
} from '@tersor/core';
import type { EpisodeRecord } from '@tersor/rl';

const PLACE = 'prune.search.memory';
const HINT = 'Name output folders of finished runs of the same network and search, or leave the folder out.';

/** Settings of stage 1 that say what an action does and what it is worth. */
const DECISIVE = [
  'environment',
  'reward',
  'pruner',
  'budget',
  'stages',
  'minimum',
  'round',
  'exclude',
] as const;

/** Files of earlier runs that a config's search learns from: they count for the identity of the run. */
export function memoryFiles({ prune }: CompressConfig): StatedFile[] {
  return (prune?.search.memory ?? []).map((folder) => ({
    place: PLACE,
    path: join(folder, 'episodes.jsonl'),
  }));
}

/**
 * The episodes of stage 1 of the runs that `prune.search.memory` names, in their order. Throws
 * `CONFIG_INVALID` for a folder without the results of a run, and for a run of another network, environment,
 * reward, pruner or budget.
 */
export async function readMemory(
  { prune }: CompressConfig,
  { directory, identity }: { readonly directory: string; readonly identity: RunIdentity },
): Promise<EpisodeRecord[]> {
  const folders = prune?.search.memory ?? [];
  if (folders.length > 0 && prune!.stages)
    throw new TersorError('CONFIG_INVALID', `${PLACE}: episodes are not carried into "prune.stages".`, {
      hint: 'Leave one of the two out: each round of "prune.stages" searches in another network.',
    });
  const records: EpisodeRecord[] = [];
  for (const folder of folders) {
    const summary = (await readRun(folder, join(resolve(directory, folder), 'summary.json'), JSON.parse)) as {
      readonly identity?: RunIdentity;
      readonly config?: { readonly prune?: PruneConfig };
    };
    const problem = differenceOf(summary, identity, prune!);
    if (problem !== undefined)
      throw new TersorError('CONFIG_INVALID', `${PLACE}: the run in ${folder} ${problem}.`, { hint: HINT });
    const lines = await readRun(folder, join(resolve(directory, folder), 'episodes.jsonl'), (text) =>
      text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as EpisodeRecord & { readonly stage: string }),
    );
    const own = lines.filter(({ stage }) => stage === 'prune');
    if (own.length === 0)
      throw new TersorError('CONFIG_INVALID', `${PLACE}: the run in ${folder} has no episodes of stage 1.`, {
        hint: HINT,
      });
    records.push(...own);
  }
  return records;
}

async function readRun<T>(folder: string, path: string, parse: (text: string) => T): Promise<T> {
  try {
    return parse(await readFile(path, 'utf8'));
  } catch (cause) {
    const message = `${PLACE}: ${folder} holds no results of a run (${path} cannot be read).`;
    throw new TersorError('CONFIG_INVALID', message, { cause, hint: HINT });
  }
}

/** What an earlier run differs in, so that its episodes say nothing here; in words. */
function differenceOf(
  run: { readonly identity?: RunIdentity; readonly config?: { readonly prune?: PruneConfig } },
  identity: RunIdentity,
  now: PruneConfig,
): string | undefined {
  const before = run.config?.prune;
  if (!run.identity || !before) return 'has no stage 1';
  const { model } = run.identity;
  if (model.topology !== identity.model.topology) return 'is of a network of another topology';
  if (model.weights !== identity.model.weights) return 'is of a network with other weights';
  const key = DECISIVE.find((each) => !isDeepStrictEqual(plain(before, each), plain(now, each)));
  const said = (value: unknown) => (value === undefined ? 'not set' : JSON.stringify(value));
  return key && `had "prune.${key}" ${said(before[key])}, which is now ${said(now[key])}`;
}

/** A setting as JSON; plugins by name and by name with options alike. */
function plain(config: PruneConfig, key: (typeof DECISIVE)[number]): unknown {
  const value = key === 'environment' ? (config.environment ?? 'pruning') : config[key];
  if (value === undefined) return value;
  const isPlugin = key === 'environment' || key === 'reward' || key === 'pruner';
  const selectors = isPlugin ? [value].flat().map((each) => selectorParts(each as Selector)) : value;
  return JSON.parse(JSON.stringify(selectors)) as unknown;
}

/** What episodes are repeated with. */
interface Repeating {
  /** An environment like the search's, which measures by asking. */
  createEnvironment(evaluate: PruneTask['evaluate']): Promise<Environment>;
  readonly onNotice?: ((text: string) => void) | undefined;
}

/**
 * Walks episodes of earlier runs again, so that an agent can observe them: candidates are made, but not
 * measured; each is worth what was measured then. An episode whose actions are not carried out as they were
 * is left out, with a notice.
 */
export async function repeatEpisodes(
  records: readonly EpisodeRecord[],
  { createEnvironment, onNotice }: Repeating,
): Promise<Transition[][]> {
  let measures: EpisodeRecord['measures'] = {};
  const environment = await createEnvironment(async (): Promise<Evaluation> => {
    const { accuracy = 0, divergence } = measures;
    return { accuracy, ...(divergence !== undefined && { divergence }) };
  });
  const episodes: Transition[][] = [];
  try {
    for (const record of records) {
      measures = record.measures;
      const transitions = await repeatEpisode(environment, record);
      if (transitions) episodes.push(transitions);
      else
        onNotice?.(
          `${PLACE}: episode ${record.episode} of an earlier run is left out: its actions are carried out otherwise here.`,
        );
    }
  } finally {
    environment.dispose?.();
  }
  return episodes;
}

async function repeatEpisode(
  environment: Environment,
  { actions, episode }: EpisodeRecord,
): Promise<Transition[] | undefined> {
  let { observation } = await environment.reset(episode);
  const transitions: Transition[] = [];
  for (const action of actions) {
    const { info, reward, observation: next, terminated, truncated } = await environment.step(action);
    const { executed } = info;
    if (executed.some((value, i) => Math.abs(value - action[i]!) > 1e-6)) return undefined;
    transitions.push({
      observation,
      action: executed,
      proposed: action,
      reward,
      nextObservation: next,
      terminated,
      truncated,
    });
    observation = next;
    if (terminated || truncated) break;
  }
  return transitions.at(-1)?.terminated === false ? undefined : transitions;
}
