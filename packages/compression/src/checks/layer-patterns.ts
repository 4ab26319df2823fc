import { TersorError, type CompressConfig, type LayerGraph } from '@tersor/core';
import { closest } from 'fastest-levenshtein';
import { channelGroups } from '@tersor/network';
import { layersWithKernels } from '../policy/quantized-graph.js';

/** Whether a layer's name is one of the given, where `*` in a pattern stands for any letters. */
export function matchesAny(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) =>
    new RegExp(`^${pattern.split('*').map(escapeLetters).join('.*')}$`).test(name),
  );
}

/**
 * Checks what `exclude` of both stages leaves out, before anything long begins. `onNotice` hears of a pattern
 * that names layers but keeps none of them as it is. Throws `CONFIG_INVALID`, with the nearest name, for a
 * pattern that no layer matches, and `MODEL_UNSUPPORTED` where a stage has no layer left to work on.
 */
export function requireExclusions(
  graph: LayerGraph,
  { prune, quantize }: CompressConfig,
  onNotice?: (text: string) => void,
): void {
  const names = graph.layers.map(({ name }) => name);
  requireMatches('prune.exclude', prune?.exclude ?? [], names);
  requireMatches('quantize.exclude', quantize?.exclude ?? [], names);
  if (prune) requireGroups(graph, prune.exclude, onNotice);
  if (quantize)
    requireSome(
      'quantize',
      layersWithKernels(graph).map(({ name }) => name),
      quantize.exclude,
      'layers whose kernels get a bit width',
    );
}

function requireMatches(path: string, patterns: readonly string[], names: readonly string[]): void {
  const lost = patterns.find((pattern) => !names.some((name) => matchesAny(name, [pattern])));
  if (lost === undefined) return;
  throw new TersorError(
    'CONFIG_INVALID',
    `${path} has "${lost}", which no layer of the network matches; did you mean "${closest(lost.replaceAll('*', ''), [...names])}"?`,
    {
      hint: 'Use the names that `tersor inspect <model>` lists, in the same case; * matches any characters.',
    },
  );
}

function requireGroups(
  graph: LayerGraph,
  patterns: readonly string[],
  onNotice?: (text: string) => void,
): void {
  const { groups } = channelGroups(graph);
  const withRole = (role: string) =>
    groups.flatMap(({ members }) =>
      members.filter((member) => member.role === role).map(({ layer }) => layer),
    );
  const producers = withRole('produces');
  // Without groups at all the environment says why, and one of the user's may do without.
  if (groups.length > 0) requireSome('prune', producers, patterns, 'layers whose channels can be pruned');
  for (const pattern of patterns) {
    if (producers.some((layer) => matchesAny(layer, [pattern]))) continue;
    const carrier = withRole('carries').find((layer) => matchesAny(layer, [pattern]));
    const group = groups.find(({ members }) =>
      members.some(({ layer, role }) => layer === carrier && role === 'carries'),
    );
    if (group) {
      onNotice?.(
        `prune.exclude has "${pattern}", which keeps nothing: the channels of "${carrier}" are made by "${group.name}" and go with them. To keep them, exclude "${group.name}".`,
      );
    }
  }
}

function requireSome(
  stage: 'prune' | 'quantize',
  layers: readonly string[],
  patterns: readonly string[],
  what: string,
): void {
  if (layers.some((layer) => !matchesAny(layer, patterns))) return;
  if (layers.length === 0)
    throw new TersorError('MODEL_UNSUPPORTED', `The network has no ${what}.`, {
      hint: `Leave "${stage}" out of the config.`,
    });
  throw new TersorError(
    'MODEL_UNSUPPORTED',
    `${stage}.exclude leaves out all ${layers.length} ${what} (${patterns.join(', ')}).`,
    {
      hint: `Exclude fewer layers, or leave "${stage}" out of the config.`,
    },
  );
}

function escapeLetters(text: string): string {
  return text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
}
