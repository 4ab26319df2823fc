import { join } from 'node:path';
import { version_core } from '@tensorflow/tfjs-core';
import {
  readManifest,
  createRandom,
  describeMachine,
  type LatencyCheck,
  type LatencyTable,
  type LayerGraph,
  type LayerLatency,
} from '@tersor/core';
import { cost } from '../cost/cost.js';
import { channelGroups } from '../groups/channel-groups.js';
import { removeAll } from '../surgery/remove-channels.js';
import { callChannels, type CallChannels } from './call-channels.js';
import { fingerprint } from './latency-table-file.js';
import { latencySites, type LatencySite } from './latency-sites.js';
import {
  medianLatency,
  siteLatency,
  transferLatency,
  type LatencyMeter,
  type TimingOptions,
} from './measure-latency.js';
import { predictLatency } from './predict-latency.js';
import { siteGraph, knownSize } from './site-graph.js';

export interface ProfileOptions extends TimingOptions {
  readonly graph: LayerGraph;
  /** Where to measure: `backendMeter` of an available backend, or a browser. */
  readonly meter: LatencyMeter;
  /** Number of channel counts per axis, evenly spaced, besides a single channel. */
  readonly counts: number;
  /** Number of randomly pruned networks that are predicted and measured as a check, besides the original. */
  readonly checks: number;
  readonly seed: number;
  readonly onProgress?: (done: number, total: number, what: string) => void;
}

/** Smallest share of channels in the random networks of the check. */
const SMALLEST_SHARE = 0.1;

/**
 * Measures every site of a network by itself at several channel counts, then checks the predictions by
 * measuring whole networks. Sites that are alike (in class, settings and shapes) are measured once. Throws
 * the codes of the meter, and `MODEL_UNSUPPORTED` for a network that cannot be run.
 */
export async function profileLatency(options: ProfileOptions): Promise<LatencyTable> {
  const { graph, meter, checks, images, onProgress } = options;
  // Warm up: start workers and compile code.
  await medianLatency(meter, graph, { images, repeats: 1 });
  const sites = latencySites(graph);
  const channels = callChannels(graph, channelGroups(graph).groups);
  const [inputs, outputs] = [graph.inputs[0]!, graph.outputs[0]!].map((call) =>
    knownSize(graph.calls[call]!.outputShape),
  );
  const transfer = await transferLatency(meter, inputs!, outputs!, options);
  const known = new Map<string, number>();
  const layers: LayerLatency[] = [];
  for (const site of sites) {
    onProgress?.(layers.length, sites.length + checks + 1, site.name);
    layers.push(await measureSite(site, channels, known, options));
  }
  const table: LatencyTable = {
    version: 1,
    model: { name: graph.name, fingerprint: fingerprint(graph) },
    backend: meter.backend,
    ...(meter.browser && { browser: meter.browser }),
    machine: describeMachine(),
    versions: {
      tersor: readManifest(join(__dirname, '../..'))!.version!,
      node: process.version,
      tfjs: version_core,
    },
    details: meter.details,
    images,
    transfer: rounded(transfer),
    layers,
    check: [],
  };
  const networks = [
    { name: 'original', network: graph },
    ...Array.from({ length: checks }, (_, i) => ({
      name: `random ${i + 1}`,
      network: randomlyPruned(graph, options.seed, i),
    })),
  ];
  const check: LatencyCheck[] = [];
  for (const { name, network } of networks) {
    onProgress?.(layers.length + check.length, layers.length + networks.length, name);
    const [predicted, measured] = [
      predictLatency(table, network),
      await medianLatency(meter, network, options),
    ];
    check.push({
      network: name,
      macs: cost(network).macs,
      predicted: rounded(predicted),
      measured: rounded(measured),
      relativeError: rounded(predicted / measured - 1),
    });
  }
  onProgress?.(layers.length + networks.length, layers.length + networks.length, 'done');
  return { ...table, check };
}

/** Measures a site. `known` caches times by everything that they can depend on. */
async function measureSite(
  site: LatencySite,
  channels: readonly CallChannels[],
  known: Map<string, number>,
  options: ProfileOptions,
): Promise<LayerLatency> {
  const { graph, meter } = options;
  const output = site.calls[0]!;
  const input = channels[graph.calls[output]!.inputs[0]!]!;
  const possible = (counts: { inputs: number; outputs: number }) => siteGraph(graph, site, counts);
  const inputs = site.mixes
    ? distinct(
        measuredCounts(input, options.counts).map(
          (count) => possible({ inputs: count, outputs: channels[output]!.full }).inputs,
        ),
      )
    : [input.full];
  const asked = measuredCounts(channels[output]!, options.counts);
  const outputs = distinct(asked.map((count) => possible({ inputs: input.full, outputs: count }).outputs));
  const milliseconds: number[][] = [];
  for (const inputChannels of inputs) {
    const row: number[] = [];
    for (const outputChannels of outputs) {
      const { graph: alone } = possible({ inputs: inputChannels, outputs: outputChannels });
      const key = kindOf(alone);
      if (!known.has(key)) known.set(key, rounded(await siteLatency(meter, alone, options)));
      row.push(known.get(key)!);
    }
    milliseconds.push(row);
  }
  return { layer: site.name, className: site.className, inputs, outputs, milliseconds };
}

/**
 * The channel counts to measure: 1, and the shares 1/count, 2/count, ... of all channels; only all of them if
 * none can be removed.
 */
export function measuredCounts({ full, cuts }: CallChannels, count: number): number[] {
  if (cuts.length === 0) return [full];
  return [
    ...new Set([
      1,
      ...Array.from({ length: count }, (_, i) => Math.max(1, Math.round((full * (i + 1)) / count))),
    ]),
  ];
}

function distinct(counts: readonly number[]): number[] {
  return [...new Set(counts)];
}

/** A key of the class, settings and shapes of a site's layers, without their names. */
function kindOf({ layers, calls }: LayerGraph): string {
  return JSON.stringify([
    layers.map(({ className, config, weights }) => [
      className,
      { ...config, name: '' },
      weights.map(({ name, shape }) => [name, shape]),
    ]),
    calls.map(({ inputs, outputShape }) => [inputs, outputShape]),
  ]);
}

/** A network in which every group keeps a random share of its channels, the first ones. */
function randomlyPruned(graph: LayerGraph, seed: number, index: number): LayerGraph {
  const random = createRandom(seed, `latency-check/${index}`);
  return removeAll(
    graph,
    channelGroups(graph).groups.map((group) => {
      const share = SMALLEST_SHARE + (1 - SMALLEST_SHARE) * random.uniform();
      return {
        group,
        keep: Array.from(
          { length: Math.max(1, Math.round(share * group.channels)) },
          (_, channel) => channel,
        ),
      };
    }),
  );
}

/** Rounds to four digits, more than any timing has. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
