import {
  elementCount,
  TersorError,
  type ChannelGroup,
  type LayerGraph,
  type PrunePlan,
  type Pruner,
  type WeightTensor,
} from '@tersor/core';

/** A pruner that keeps every promise: it keeps the first channels of each group. */
export function correctPruner(): Pruner {
  let groups: readonly ChannelGroup[] = [];
  return {
    id: 'first-channels',
    action: 'channels',
    prepare: async (context) => void (groups = context.groups),
    plan: (group, { channels = group.channels }) => ({
      pruner: 'first-channels',
      group: group.name,
      keep: Array.from({ length: channels }, (_, channel) => channel),
    }),
    apply: (graph, plan) => cut(graph, groups, plan),
    removalErrors: async (asked) =>
      asked.map(({ channels }) => Float64Array.from({ length: channels + 1 }, (_, removed) => removed ** 2)),
    heuristics: {
      'first-groups': ({ groups: asked, smallest, nearest, fits }) =>
        asked.reduce(
          (counts, { channels }, i) => {
            const wished = Array.from({ length: channels }, (_, left) => nearest(i, channels - left));
            const fitting = wished.find((count) => fits(counts.with(i, count)));
            return counts.with(i, fitting ?? smallest[i]!);
          },
          [...smallest],
        ),
    },
  };
}

/** Pruners that break one promise each, by the name of the case that finds them out. */
export function brokenPruners(): Readonly<Record<string, () => Pruner>> {
  const from = (change: (good: Pruner) => Partial<Pruner>) => () => {
    const good = correctPruner();
    return { ...good, ...change(good) };
  };
  return {
    'plans are plain JSON that names the pruner and the group': from(() => ({
      plan: (group, { channels = group.channels }) => ({
        pruner: 'first-channels',
        group: group.name,
        keep: Array.from({ length: channels }, (_, channel) => channel),
        made: new Date(0),
      }),
    })),
    'keeping everything is the identity': from((good) => ({
      apply: (graph, plan) => scaled(good.apply(graph, plan)),
    })),
    'the pruned network runs and has the same output shape': from((good) => ({
      apply: (graph, plan) => ({ ...good.apply(graph, plan), calls: graph.calls }),
    })),
    'removes as much as was planned': from((good) => ({
      plan: (group, { channels = group.channels }) =>
        good.plan(group, { channels: Math.min(group.channels, channels + 1) }),
    })),
    'all members of a group agree': from((good) => ({
      apply: (graph, plan) =>
        plan.every(({ keep }) => keep!.length >= 5)
          ? good.apply(graph, plan)
          : withoutBatchNorm(graph, good.apply(graph, plan)),
    })),
    'a replay of the plan on clean weights gives the same network': from((good) => {
      let calls = 0;
      return {
        apply: (graph, plan) =>
          calls++ % 2 === 0 ? good.apply(graph, plan) : scaled(good.apply(graph, plan)),
      };
    }),
    'the given network is left as it is': from((good) => ({
      apply: (graph, plan) => {
        const pruned = good.apply(graph, plan);
        if (plan.some(({ keep }) => keep!.length < 5)) graph.layers[1]!.weights[0]!.data[0] = 0;
        return pruned;
      },
    })),
    'adapting keeps the shapes, gives the same twice, and does nothing if nothing was removed': from(() => ({
      adapt: async (graph) => scaled(graph),
    })),
    'finishing keeps the shapes, gives the same twice, and does nothing if nothing was removed': from(() => ({
      finish: async (graph) => scaled(graph),
    })),
    'the same seed gives the same plan': () => {
      const good = correctPruner();
      const shift = prepared++;
      return {
        ...good,
        plan: (group, { channels = group.channels }) => ({
          ...good.plan(group, { channels }),
          keep: Array.from({ length: channels }, (_, i) => (i + shift) % group.channels).sort(
            (a, b) => a - b,
          ),
        }),
      };
    },
    'its heuristics give allowed counts that keep the budget, the same ones twice': from(() => ({
      heuristics: { all: ({ groups }) => groups.map(({ channels }) => channels) },
    })),
    'its errors of removal start with 0 and never fall, the same ones twice': from(() => ({
      removalErrors: async (groups) => groups.map(({ channels }) => new Float64Array(channels + 1).fill(1)),
    })),
    'a plan for another network is refused with PLAN_MISMATCH': from((good) => ({
      apply: (graph, plan) => {
        try {
          return good.apply(graph, plan);
        } catch {
          return graph;
        }
      },
    })),
  };
}

let prepared = 0;

function cut(graph: LayerGraph, groups: readonly ChannelGroup[], plan: PrunePlan): LayerGraph {
  const kept = new Map<string, number[]>();
  const channels = new Map<string, number>();
  for (const step of plan) {
    const group = groups.find(({ name }) => name === step.group)!;
    for (const { layer, weight, axis, role, indexes } of group.members) {
      const size = graph.layers
        .find(({ name }) => name === layer)
        ?.weights.find(({ name }) => name === weight)?.shape[axis];
      if (size !== group.channels)
        throw new TersorError(
          'PLAN_MISMATCH',
          `${layer}/${weight} has ${size} channels, the plan is for ${group.channels}.`,
        );
      kept.set(
        `${layer}/${weight}/${axis}`,
        step.keep!.flatMap((channel) => indexes[channel]!),
      );
      if (role !== 'consumes') channels.set(layer, step.keep!.length);
    }
  }
  const calls: LayerGraph['calls'][number][] = [];
  for (const call of graph.calls) {
    const before = call.outputShape;
    const follows =
      call.inputs.length > 0 &&
      !graph.layers.find(({ name }) => name === call.layer)!.weights.some(({ name }) => name === 'kernel');
    const count =
      channels.get(call.layer) ?? (follows ? calls[call.inputs[0]!]!.outputShape.at(-1) : before.at(-1));
    calls.push({ ...call, outputShape: [...before.slice(0, -1), count] });
  }
  const layers = graph.layers.map((layer) => {
    const count = channels.get(layer.name);
    const config =
      'filters' in layer.config && count !== undefined ? { ...layer.config, filters: count } : layer.config;
    return {
      ...layer,
      config,
      weights: layer.weights.map((weight) =>
        gather(weight, (axis) => kept.get(`${layer.name}/${weight.name}/${axis}`)),
      ),
    };
  });
  return { ...graph, layers, calls };
}

/** Keeps the given indexes of each axis. */
function gather(weight: WeightTensor, kept: (axis: number) => readonly number[] | undefined): WeightTensor {
  const axes = weight.shape.map((size, axis) => kept(axis) ?? Array.from({ length: size }, (_, i) => i));
  const shape = axes.map(({ length }) => length);
  const data = new Float32Array(elementCount(shape));
  for (let at = 0; at < data.length; at++) {
    let rest = at;
    let from = 0;
    let stride = 1;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += axes[axis]![rest % shape[axis]!]! * stride;
      rest = Math.floor(rest / shape[axis]!);
      stride *= weight.shape[axis]!;
    }
    data[at] = weight.data[from]!;
  }
  return { ...weight, shape, data };
}

function scaled(graph: LayerGraph): LayerGraph {
  return {
    ...graph,
    layers: graph.layers.map((layer) =>
      layer.name === 'scores'
        ? {
            ...layer,
            weights: layer.weights.map((weight) => ({
              ...weight,
              data: weight.data.map((value) => value * 1.1),
            })),
          }
        : layer,
    ),
  };
}

/** Forgets to cut the batch norm. */
function withoutBatchNorm(before: LayerGraph, after: LayerGraph): LayerGraph {
  return {
    ...after,
    layers: after.layers.map((layer) =>
      layer.name === 'norm' ? before.layers.find(({ name }) => name === 'norm')! : layer,
    ),
  };
}
