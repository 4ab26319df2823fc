import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeMachine, makeFolder, type LayerGraph, type PrunePlan } from '@tersor/core';
import type { PipelineContext } from '../stages/pipeline-context.js';
import {
  bitOperations,
  modelBytes,
  requireModelFile,
  requirePackedFile,
  witness,
  writeFolder,
  writeModelFiles,
} from '@tersor/network';
import type { MeasuredLatency } from './measured-latency.js';
import { layerFigures } from './layer-figures.js';
import type { Answers } from '../training/evaluator.js';
import { outcomesOf } from './outcomes.js';
import { peakResidentBytes } from './peak-memory.js';
import { writeConfigFolder } from '../run/config-folder.js';
import { requireStillHeld } from '../run/output-lock.js';
import { TERSOR_VERSION } from '../run/identity.js';
import type { NetworkFigures, Policy, SearchFigures, Summary } from './pipeline-types.js';
import type { PruneResult } from '../stages/prune-stage.js';
import type { QuantizeResult } from '../stages/quantize-stage.js';
import { guessingAt, resultNotices } from './result-notices.js';
import type { FoundPolicy } from '../run/run-state.js';
import { operationsOfPolicy, withPolicyActivations } from '../policy/quantize-policy.js';

interface ResultsInput {
  readonly context: PipelineContext;
  readonly pruned: PruneResult | undefined;
  readonly quantized: QuantizeResult | undefined;
  measure(graph: LayerGraph, bytes: number): Promise<NetworkFigures>;
  /** Which test images the networks got right that `measure` was given. */
  readonly answered: ReadonlyMap<NetworkFigures, Answers>;
  readonly measuredLatency: MeasuredLatency | undefined;
  readonly staging: string;
  readonly output: string;
  /** Reading of the clock when the compression began, milliseconds. */
  readonly started: number;
}

/**
 * Writes all results beside the output folder's place first, reads the networks back with the readers that
 * users have, then moves everything in; returns the summary. Throws `OUTPUT_FAILED`, and `READ_BACK_FAILED`
 * where a file does not give the network that was evaluated.
 */
export async function writeResults(input: ResultsInput): Promise<Summary> {
  requireStillHeld(input.output);
  return writeFolder(
    input.output,
    {
      last: 'summary.json',
      what: 'The results',
      hint: 'Both stages are in the checkpoint: free some space and continue with --resume.',
      staging: input.staging,
    },
    () => fillStaging(input),
  );
}

async function fillStaging({
  context,
  pruned,
  quantized,
  measure,
  answered,
  measuredLatency,
  staging,
  output,
  started,
}: ResultsInput): Promise<Summary> {
  const { config, baseline, original } = context;
  const prunedGraph = pruned?.graph ?? original;
  const finalGraph = quantized?.graph ?? prunedGraph;
  for (const [name, graph] of [
    ['pruned', prunedGraph],
    ['model', finalGraph],
  ] as const) {
    await makeFolder(join(staging, name));
    await writeModelFiles(graph, join(staging, name));
  }
  if (quantized) await writeFile(join(staging, 'model.tersor'), quantized.packed);
  await readBack(context, staging, { prunedGraph, finalGraph, isPacked: quantized !== undefined });
  const prunedBytes = await modelBytes(join(staging, 'pruned/model.json'));
  const prunedFigures = pruned ? await measure(prunedGraph, prunedBytes) : baseline;
  const compressed = quantized
    ? await measure(
        withPolicyActivations(finalGraph, quantized.bits),
        (await stat(join(staging, 'model.tersor'))).size,
      )
    : prunedFigures;
  const bops = operationFigures({ context, prunedGraph, quantized });
  const summary: Summary = {
    baseline: { ...baseline, ...bops?.baseline },
    pruned: { ...prunedFigures, ...bops?.pruned },
    compressed: { ...compressed, ...bops?.compressed },
    ratio: {
      parameters: baseline.parameters / compressed.parameters,
      macs: baseline.macs / compressed.macs,
      bytes: baseline.bytes / compressed.bytes,
      ...bops?.ratio,
    },
    ...(quantized?.bits.activations && {
      activations: {
        simulated: true as const,
        floatAccuracy: (await measure(finalGraph, compressed.bytes)).accuracy,
      },
    }),
    ...(measuredLatency && { measuredLatency }),
    search: context.given
      ? {}
      : {
          ...(pruned && { prune: figuresOf(pruned.rounds) }),
          ...(quantized?.figures && { quantize: quantized.figures }),
        },
    ...(context.given && { carriedOut: { policy: context.given.source, sha256: context.given.sha256 } }),
    seed: config.seed,
    backend: context.evaluateBackend.id,
    ...(context.precision && { precision: context.precision }),
    plugins: context.wired,
    versions: { tersor: TERSOR_VERSION, node: process.version },
    machine: describeMachine(),
    seconds: (performance.now() - started) / 1000,
    peakResidentBytes: peakResidentBytes(),
    notices: [
      ...context.notices,
      ...resultNotices({ baseline, compressed, original, guessing: guessingAt(context.dataset) }),
    ],
    identity: context.identity,
    config,
  };
  const policy: Policy = {
    ...(pruned && plansOf(pruned.rounds)),
    ...(quantized && { quantize: quantized.bits.weights }),
    ...(quantized?.bits.activations && { activations: quantized.bits.activations }),
  };
  const episodes = [
    ...episodeLines('prune', pruned?.rounds),
    ...episodeLines('quantize', quantized && [quantized]),
  ];
  await writeFile(join(staging, 'episodes.jsonl'), episodes.map((line) => `${line}\n`).join(''));
  await writeFile(join(staging, 'policy.json'), `${JSON.stringify(policy, undefined, 2)}\n`);
  const { weights: bits, activations } = quantized?.bits ?? {};
  const layers = layerFigures({
    original,
    compressed: finalGraph,
    ...(quantized && {
      packed: quantized.packed,
      ...(bits && { bits }),
      ...(activations && { activations }),
    }),
  });
  await writeFile(join(staging, 'layers.json'), `${JSON.stringify(layers)}\n`);
  await writeFile(
    join(staging, 'outcomes.json'),
    `${JSON.stringify(outcomesOf(answered.get(baseline)!, answered.get(compressed)!))}\n`,
  );
  await writeConfigFolder(staging, { output, directory: context.places.directory });
  await writeFile(join(staging, 'summary.json'), `${JSON.stringify(summary, undefined, 2)}\n`);
  return summary;
}

/** Throws `READ_BACK_FAILED`. */
async function readBack(
  { evaluateBackend, witnessImages }: PipelineContext,
  staging: string,
  {
    prunedGraph,
    finalGraph,
    isPacked,
  }: { readonly prunedGraph: LayerGraph; readonly finalGraph: LayerGraph; readonly isPacked: boolean },
): Promise<void> {
  await evaluateBackend.activate();
  const file = (name: string) => ({ path: join(staging, name), name });
  await requireModelFile(
    file('pruned/model.json'),
    await witness(prunedGraph, evaluateBackend, witnessImages),
  );
  const final = await witness(finalGraph, evaluateBackend, witnessImages);
  await requireModelFile(file('model/model.json'), final);
  if (isPacked) await requirePackedFile(file('model.tersor'), final);
}

/**
 * Bit operations of the three networks and their ratio; undefined in a run that neither limits them nor
 * rounds activations.
 */
function operationFigures({
  context: { config, original },
  prunedGraph,
  quantized,
}: Pick<ResultsInput, 'context' | 'quantized'> & { readonly prunedGraph: LayerGraph }) {
  if (!quantized || !(config.quantize?.activations ?? config.quantize?.budget.bops)) return undefined;
  const [baseline, compressed] = [
    bitOperations(original),
    operationsOfPolicy(quantized.graph, quantized.bits),
  ];
  return {
    baseline: { bops: baseline },
    pruned: { bops: bitOperations(prunedGraph) },
    compressed: { bops: compressed },
    ratio: { bops: baseline / compressed },
  };
}

function plansOf(rounds: PruneResult['rounds']): Policy {
  const plans = rounds.map(({ policy }) => policy as PrunePlan);
  return plans.length === 1 ? { prune: plans[0]! } : { pruneRounds: plans };
}

function figuresOf(rounds: PruneResult['rounds']): SearchFigures {
  const figures = rounds.map((round) => round.figures!);
  const last = figures.at(-1)!;
  if (figures.length === 1) return last;
  const total = (key: 'episodes' | 'evaluations' | 'images' | 'seconds') =>
    figures.reduce((sum, each) => sum + (each[key] ?? 0), 0);
  return {
    ...last,
    episodes: total('episodes'),
    evaluations: total('evaluations'),
    ...(last.images !== undefined && { images: total('images') }),
    seconds: total('seconds'),
    rounds: figures,
  };
}

/** Episodes are counted through the rounds. */
function episodeLines(stage: 'prune' | 'quantize', rounds: readonly FoundPolicy[] = []): string[] {
  let before = 0;
  return rounds.flatMap(({ episodes }, i) => {
    const first = before;
    before += episodes.length;
    return episodes.map((record) =>
      JSON.stringify({
        stage,
        ...(rounds.length > 1 && { round: i + 1 }),
        ...record,
        episode: first + record.episode,
      }),
    );
  });
}
