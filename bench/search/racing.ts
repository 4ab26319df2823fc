/**
 * What racing saves, and what it does to the accuracies that an agent learns from. `search` runs a stage of
 * the example as its config says (with --racing: racing) and notes of each candidate which images it answers
 * right: all of them, so that the accuracy at which a race left it can be held against its accuracy on all.
 * Without `search`, races are run over what was noted, in many orders of the images and with several
 * settings; that takes seconds.
 *
 * node --conditions=tersor/source --import tsx bench/search/racing.ts search 1 [--stage prune|quantize]
 * [--racing] [--set path=value ...]
 *   node --conditions=tersor/source --import tsx bench/search/racing.ts
 *
 * Candidates are kept one by one in results/racing.jsonl: a search that was stopped and is run again computes
 * only what is missing.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { accuracyOf, cost, openModel } from '@tersor/network';
import {
  builtinPlugins,
  createBitWidthEnvironment,
  createPruningEnvironment,
  slotsOfCompression,
  SLOTS,
  type Evaluator,
} from '@tersor/compression';
import {
  compressConfigSchema,
  createHost,
  definePlugin,
  readConfig,
  TOKENS,
  createRandom,
  type EnvironmentFactory,
  type LayerGraph,
  type Plugin,
  type PruneTask,
} from '@tersor/core';
import type { EpisodeRecord } from '@tersor/rl';
import { z } from 'zod';
import type { PipelineContext } from '../../packages/compression/src/stages/pipeline-context.js';
import { compressionIdentity, wiredWith } from '../../packages/compression/src/run/identity.js';
import { makePruneLimits, makeQuantizeLimits } from '../../packages/compression/src/limits/make-limits.js';
import { pruneStage } from '../../packages/compression/src/stages/prune-stage.js';
import { quantizeStage } from '../../packages/compression/src/stages/quantize-stage.js';
import { createRacing } from '../../packages/compression/src/search/racing.js';

const EXAMPLE = 'examples/vgg-small';
const CANDIDATES = join(__dirname, 'results/racing.jsonl');
const ORDERS = 200;
/** What the example's config said when the committed candidates were measured. */
const AS_MEASURED = [
  ...['prune', 'quantize'].flatMap((stage) => [`${stage}.agent=ddpg`, `${stage}.reward=accuracy`]),
  'prune.search={ episodes: 24 }',
  'prune.pruner={ use: channel, images: 1000 }',
  'quantize.search={ episodes: 16 }',
  'quantize.images=1000',
];
const RACES: readonly Racing[] = [
  { images: 100, confidence: 0.99 },
  { images: 50, confidence: 0.99 },
  { images: 100, confidence: 0.9 },
];

type Racing = NonNullable<Parameters<typeof createRacing>[1]>;
type Evaluate = PruneTask['evaluate'];

interface Search {
  readonly stage: 'prune' | 'quantize';
  readonly seed: number;
  readonly settings: readonly string[];
  readonly racing?: Racing;
}

/**
 * A candidate of a search: on how many images it was measured, what came out, and which of all images it
 * answers right (1 or 0 for each).
 */
interface Candidate extends Search {
  /** Digest of policy, images and settings. */
  readonly key: string;
  readonly images: number;
  readonly accuracy: number;
  readonly answers: string;
}

const idOf = ({ stage, seed, settings, racing }: Search) => JSON.stringify({ stage, seed, settings, racing });
const readCandidates = (): Candidate[] =>
  existsSync(CANDIDATES)
    ? readFileSync(CANDIDATES, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Candidate)
    : [];
const shareOf = (answers: string) => [...answers].filter((answer) => answer === '1').length / answers.length;

/** An evaluator that reads what a network answered from a text, in an order of the images. */
function evaluatorOver(
  answersOf: (graph: LayerGraph) => Promise<string>,
  order: readonly number[],
  step: number,
): Evaluator {
  return {
    count: order.length,
    evaluations: 0,
    accuracy: async (graph) => shareOf(await answersOf(graph)),
    evaluate: async (graph) => ({ accuracy: shareOf(await answersOf(graph)) }),
    answers: () => Promise.reject(new Error('Nobody asks which images were right here.')),
    measure: async (graph, isEnough) => {
      const answers = await answersOf(graph);
      let [right, seen] = [0, 0];
      for (const image of order) {
        right += Number(answers[image]);
        seen++;
        if ((seen % step === 0 || seen === order.length) && isEnough(right, seen)) break;
      }
      return { accuracy: right / seen, images: seen };
    },
  };
}

/** Searches one stage as the config says. */
async function searchStage(run: Search): Promise<void> {
  const { stage, seed, settings, racing } = run;
  const config = await readConfig(join(EXAMPLE, 'compress.yaml'), compressConfigSchema, [
    ...AS_MEASURED,
    ...settings,
    `seed=${seed}`,
    `${stage}.environment=watched`,
    `${stage}.finetune.epochs=0`,
    ...(racing ? [`${stage}.racing=${JSON.stringify(racing)}`] : []),
  ]);
  let watch: (...given: [...Parameters<Evaluate>, Evaluate]) => ReturnType<Evaluate>;
  const watched = definePlugin({
    name: 'bench',
    kind: 'environment',
    id: 'watched',
    core: '>=0.1.0 <1.0.0',
    description: 'the environment of the stage, whose evaluations are watched',
    options: z.strictObject({}),
    create: (): EnvironmentFactory => async (task) => {
      const evaluate: Evaluate = (graph, candidate) => watch(graph, candidate, task.evaluate);
      return task.stage === 'prune'
        ? createPruningEnvironment({ ...task, evaluate })
        : createBitWidthEnvironment({ ...task, evaluate });
    },
  });
  const host = await createHost({
    slots: slotsOfCompression(config),
    directory: EXAMPLE,
    seed,
    builtins: [...builtinPlugins, watched as Plugin],
    searchFrom: [process.cwd()],
  });
  try {
    const backend = await host.get(TOKENS.backend, SLOTS.train);
    const dataset = await host.get(TOKENS.dataset);
    await backend.activate();
    const size = dataset.size('validation');
    const count = Math.min(size, config[stage]!.images);
    const { images, labels } = await dataset.read(
      'validation',
      Array.from({ length: count }, (_, i) => Math.floor((i * size) / count)),
    );
    const candidates = readCandidates();
    const kept = new Map(candidates.map(({ key, answers }) => [key, answers]));
    const done = new Set(
      candidates.filter((candidate) => idOf(candidate) === idOf(run)).map(({ key }) => key),
    );
    let key = '';
    const answersOf = async (graph: LayerGraph): Promise<string> => {
      const known = kept.get(key);
      if (known !== undefined) return known;
      const session = await backend.compile(graph);
      const scores = await session.run(images);
      session.dispose();
      const classes = scores.length / count;
      const answers = Array.from(labels, (label, i) =>
        accuracyOf(scores.subarray(i * classes, (i + 1) * classes), Int32Array.of(label)),
      ).join('');
      kept.set(key, answers);
      return answers;
    };
    const order = createRandom(seed, 'racing').permutation(count);
    const evaluator = evaluatorOver(answersOf, order, racing?.images ?? count);
    let seen = count;
    watch = async (graph, candidate, evaluate) => {
      key = createHash('sha256')
        .update([stage, seed, count, ...settings, JSON.stringify(candidate!.policy)].join('\n'))
        .digest('base64');
      seen = count;
      const { accuracy } = await evaluate(graph, candidate);
      if (!done.has(key))
        appendFileSync(
          CANDIDATES,
          `${JSON.stringify({ ...run, key, images: seen, accuracy, answers: await answersOf(graph) } satisfies Candidate)}\n`,
        );
      done.add(key);
      return { accuracy };
    };
    const places = { directory: EXAMPLE, searchFrom: [process.cwd()] };
    const model = await openModel(config.model, places);
    const original = await model.read();
    const bytes = await model.bytes();
    const { macs, macsWithoutZeroSlices, parameters } = cost(original);
    const making = { original, originalBytes: bytes, backend: backend.id };
    const context: PipelineContext = {
      config,
      identity: await compressionIdentity({ directory: EXAMPLE, host, dataset, model }),
      places,
      wired: wiredWith(host, model),
      witnessImages: new Float32Array(),
      notices: [],
      host,
      dataset,
      trainBackend: backend,
      evaluateBackend: backend,
      original,
      // The reward of the example is the accuracy: it looks at no baseline.
      baseline: {
        accuracy: { validation: Number.NaN, test: Number.NaN },
        macs,
        macsWithoutZeroSlices,
        parameters,
        bytes,
      },
      pruneLimits: await makePruneLimits(host, config.prune!, making),
      quantizeLimits: await makeQuantizeLimits(host, config.quantize!, making),
      events: {
        onProgress: ({ done, total, reward, best }) =>
          console.error(
            `${stage} seed ${seed}${racing ? ' racing' : ''} ${done}/${total} ${reward?.toFixed(4)} best ${best?.toFixed(4)}`,
          ),
      },
      saveProgress: async () => undefined,
      searchEvaluators: async () => ({
        search: {
          ...evaluator,
          measure: async (...given) => {
            const measurement = await evaluator.measure(...given);
            seen = measurement.images;
            return measurement;
          },
        },
      }),
      validationAccuracy: () => Promise.reject(new Error('Nothing is fine-tuned here.')),
    };
    if (stage === 'prune') await pruneStage(context, config.prune!, {});
    else await quantizeStage(context, config.quantize!, {}, original);
  } finally {
    await host.dispose();
  }
}

/**
 * Races over candidates that were measured on all images, in another order of these. The sequence of
 * candidates stays.
 */
async function replay(candidates: readonly Candidate[], racing: Racing, seed: number) {
  const count = candidates[0]!.answers.length;
  let answers = '';
  const race = createRacing(
    evaluatorOver(async () => answers, createRandom(seed, 'replay').permutation(count), racing.images),
    racing,
  );
  const errors: number[] = [];
  let best: EpisodeRecord | undefined;
  let [newBests, newBestsDropped] = [0, 0];
  for (const [i, candidate] of candidates.entries()) {
    answers = candidate.answers;
    const { accuracy } = await race.evaluate({} as LayerGraph, {
      policy: candidate.key,
      rewardAt: (reward) => reward,
    });
    const isNewBest = best === undefined || candidate.accuracy > best.reward;
    const record: EpisodeRecord = {
      episode: i + 1,
      actions: [],
      reward: accuracy,
      measures: {},
      policy: candidate.key,
      statistics: {},
      seconds: 0,
    };
    if (best === undefined || accuracy > best.reward) best = record;
    const isDropped = race.finished(record, best).measures['images']! < count;
    if (isDropped) errors.push(accuracy - candidate.accuracy);
    newBests += Number(isNewBest);
    newBestsDropped += Number(isNewBest && isDropped);
  }
  const highest = candidates.reduce((most, { accuracy }) => Math.max(most, accuracy), 0);
  return {
    images: race.images(),
    errors,
    newBests,
    newBestsDropped,
    bestLost: Number(best!.reward < highest - 1e-9),
  };
}

const round = (value: number) => Math.round(value * 1e5) / 1e5;
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]) => round(sum(values) / values.length);
/** Errors of the accuracies of candidates that were dropped: at that point minus on all images. */
function errorFigures(errors: readonly number[]) {
  const sizes = errors.map(Math.abs).sort((a, b) => a - b);
  return errors.length === 0
    ? {}
    : { meanError: mean(errors), meanAbsoluteError: mean(sizes), largestError: round(sizes.at(-1)!) };
}

/** The figures of one search: as it raced, or of races over what it measured. */
async function figuresOf(candidates: readonly Candidate[]) {
  const { stage, seed, settings, racing } = candidates[0]!;
  const count = candidates[0]!.answers.length;
  const whole = candidates.filter(({ images }) => images === count);
  const dropped = candidates.filter(({ images }) => images < count);
  const all = candidates.length * count;
  const base = {
    stage,
    seed,
    settings,
    candidates: candidates.length,
    imagesOfEach: count,
    bestAccuracy: round(whole.reduce((most, { accuracy }) => Math.max(most, accuracy), 0)),
  };
  if (racing)
    return {
      ...base,
      racing,
      shareOfImages: round(sum(candidates.map(({ images }) => images)) / all),
      dropped: dropped.length,
      ...errorFigures(dropped.map(({ accuracy, answers }) => accuracy - shareOf(answers))),
    };
  const replayed = [];
  for (const settingsOfRace of RACES) {
    const races = [];
    for (let order = 0; order < ORDERS; order++) races.push(await replay(candidates, settingsOfRace, order));
    replayed.push({
      racing: settingsOfRace,
      orders: ORDERS,
      shareOfImages: round(mean(races.map(({ images }) => images)) / all),
      dropped: mean(races.map(({ errors }) => errors.length)),
      ...errorFigures(races.flatMap(({ errors }) => errors)),
      newBests: sum(races.map(({ newBests }) => newBests)),
      newBestsDropped: sum(races.map(({ newBestsDropped }) => newBestsDropped)),
      bestLost: mean(races.map(({ bestLost }) => bestLost)),
    });
  }
  return { ...base, replayed };
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      stage: { type: 'string', default: 'prune' },
      racing: { type: 'boolean', default: false },
      set: { type: 'string', multiple: true, default: [] },
    },
  });
  const [command, ...seeds] = positionals;
  if (command === 'search') {
    const stage = values.stage === 'quantize' ? 'quantize' : 'prune';
    for (const seed of seeds.map(Number))
      await searchStage({ stage, seed, settings: values.set, ...(values.racing && { racing: RACES[0]! }) });
    return;
  }
  const searches = new Map<string, Candidate[]>();
  for (const candidate of readCandidates())
    searches.set(idOf(candidate), [...(searches.get(idOf(candidate)) ?? []), candidate]);
  const results = [];
  for (const candidates of searches.values()) results.push(await figuresOf(candidates));
  writeFileSync(
    join(__dirname, 'results/racing.json'),
    `${JSON.stringify({ config: `${EXAMPLE}/compress.yaml`, searches: results }, undefined, 2)}\n`,
  );
  console.log(JSON.stringify(results, undefined, 1));
}

void main();
