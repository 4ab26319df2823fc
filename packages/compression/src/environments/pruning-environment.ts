import {
  TersorError,
  type Action,
  type ChannelGroup,
  type Environment,
  type LayerGraph,
  type PrunePlan,
  type Pruner,
  type PruneTask,
  type StepResult,
} from '@tersor/core';
import { applyAndAdapt } from '@tersor/network';
import { costOnce } from '../limits/cost-limits.js';
import { figuresOf, furtherFigures } from '../limits/figures.js';
import { clamp, normalizeColumns } from './observation.js';
import { pluginHeuristics } from './plugin-heuristics.js';
import { allocationQuestion, magnitudeCounts, sharesQuestion, uniformRatio } from './prune-heuristics.js';
import { createPruneWall, planOf, wholeChoice, type Choice } from './prune-wall.js';

interface Outcome {
  readonly reward: number;
  readonly measures: Readonly<Record<string, number>>;
}

/**
 * Prunes a network, one step per channel group (AMC, section 3).
 *
 * Observation, in 0..1: group index, dense or not, channels, input channels, output height and width, stride,
 * kernel size, multiply-adds of the group's layers (each min-max normalised over the groups); multiply-adds
 * already removed and those still ahead, as shares of the whole; and the previous action, one number per
 * pruner.
 *
 * Action: one number per pruner: for `channels` the preserve ratio, for `slices` the share of kernel slices
 * kept, each in [minimum, 1]; for `blocks` a number in [0, 1], of which the half and more keeps the block
 * that the group lies in. The budget is a wall: with the groups ahead at their minimum, a step keeps at most
 * as many channels as still meet it (and, where even the fewest do not, as many slices, and else loses its
 * block). MACs and parameters are counted without zeroed slices, but at their most, wherever the pruner
 * zeroes them (see `channelCost`); predicted latency counts zeroed slices, since runtimes do. Every candidate
 * is counted once more when it is made. Throws `BUDGET_INFEASIBLE` when even the minimum of everything does
 * not meet it; `step` throws `BUDGET_EXCEEDED` where a pruner has left more than its plan says.
 */
export function createPruningEnvironment(task: PruneTask): Environment {
  const { graph, groups, pruners, limits, minimum, multiple } = task;
  if (groups.length === 0) {
    throw new TersorError(
      'MODEL_UNSUPPORTED',
      `The network "${graph.name}" has no channels that can be pruned.`,
      { hint: 'See why with: tersor inspect <model> --groups' },
    );
  }
  const wall = createPruneWall(task);
  const { costOf, fits, hasBlock, requireFeasible, requireKept } = wall;
  const hasSlices = pruners.some(({ action }) => action === 'slices');
  const hasChannels = pruners.some(({ action }) => action === 'channels');
  /** Channels that stay at a ratio; all of them where no pruner removes any. */
  const toCount = ({ channels }: ChannelGroup, ratio: number) => {
    if (!hasChannels) return channels;
    const least = Math.min(channels, Math.ceil((minimum * channels) / multiple) * multiple);
    return Math.max(1, clamp(Math.round((ratio * channels) / multiple) * multiple, least, channels));
  };
  const withBlock = groups.flatMap((_group, i) => (hasBlock(i) ? [i] : []));
  /**
   * Of blocks, which go one by one, the last ones go first: those before them read what later ones do not.
   */
  const choicesAt = (ratio: number, blocks = ratio) =>
    groups.map(
      (group, i): Choice => ({
        keep: toCount(group, ratio),
        share: hasSlices ? ratio : 1,
        block: withBlock.indexOf(i) < Math.round(blocks * withBlock.length),
      }),
    );
  const smallest = choicesAt(minimum, 0);
  const whole = groups.map(wholeChoice);
  const total = costOf(whole).macs;
  requireFeasible(smallest);

  const features = normalizeColumns(
    groups.map((group, index) =>
      groupFeatures(
        graph,
        group,
        index,
        costOf(whole.map((choice, i) => (i === index ? { ...choice, keep: 0 } : choice))).macs,
      ),
    ),
  );
  const outcomes = new Map<string, Outcome>();
  let chosen: Choice[] = [];
  let previous: Action = pruners.map(() => 1);
  let active = false;

  /** The choices so far, one for the current group, and `rest` for those ahead. */
  const completed = (current: readonly Choice[], rest: readonly Choice[]) => [
    ...chosen,
    ...current,
    ...rest.slice(chosen.length + current.length),
  ];
  const limit = (wanted: Choice): Choice => {
    const floor = smallest[chosen.length]!;
    let keep = wanted.keep;
    while (keep > floor.keep && !fits(completed([{ ...wanted, keep }], smallest)))
      keep = Math.max(floor.keep, keep - multiple);
    if (fits(completed([{ ...wanted, keep }], smallest))) return { ...wanted, keep };
    const share = uniformRatio(
      floor.share,
      (candidate) =>
        candidate <= wanted.share && fits(completed([{ ...wanted, keep, share: candidate }], smallest)),
    );
    const narrow = { ...wanted, keep, share };
    // Without its block the group costs nothing, so the rest of it may stay as it was wanted.
    return wanted.block && !fits(completed([narrow], smallest)) ? limit({ ...wanted, block: false }) : narrow;
  };
  const observe = (): number[] => {
    const index = Math.min(chosen.length, groups.length - 1);
    const now = costOf(completed([], whole)).macsWithoutZeroSlices;
    const ahead = now - costOf(completed([], smallest)).macsWithoutZeroSlices;
    return [...features[index]!, clamp(1 - now / total, 0, 1), clamp(ahead / total, 0, 1), ...previous];
  };
  const finish = async (plan: PrunePlan): Promise<Outcome> => {
    const key = JSON.stringify(chosen);
    const known = outcomes.get(key);
    if (known) return known;
    const candidate = await applyAndAdapt(graph, pruners, plan);
    requireKept({ candidate, plan, choices: chosen });
    const { macs, macsWithoutZeroSlices, parameters } = costOnce(candidate);
    const used = figuresOf(limits, candidate);
    const costs = {
      macs: macsWithoutZeroSlices,
      denseMacs: macs,
      parameters,
      bytes: parameters * 4,
    };
    const measured = { ...costs, ...furtherFigures(used, costs) };
    const rewardAt = (accuracy: number) =>
      task.reward.evaluate({ accuracy, ...measured, limits: used, baseline: task.baseline });
    const accuracy = await task.evaluate(candidate, { policy: plan, rewardAt });
    const outcome = { reward: rewardAt(accuracy), measures: { accuracy, ...measured } };
    outcomes.set(key, outcome);
    return outcome;
  };

  const question = allocationQuestion(wall, { groups, smallest, multiple, toCount });
  const slices = pruners.find(({ sliceHeuristic }) => sliceHeuristic)?.sliceHeuristic;
  /** What heuristics of pruners are asked, which share a budget with slices. */
  const shared = slices
    ? allocationQuestion(wall, {
        groups,
        smallest,
        multiple,
        toCount,
        share: Math.max(minimum, slices.share),
      })
    : question;
  /** Actions that keep these counts and shares, and all blocks. */
  const actionsOf = (counts: readonly number[], shares?: readonly number[]): Action[] =>
    groups.map(({ channels }, i) =>
      pruners.map(({ action }) =>
        action === 'channels'
          ? clamp(counts[i]! / channels, minimum, 1)
          : action === 'slices'
            ? (shares?.[i] ?? 1)
            : 1,
      ),
    );
  /** The same with the slices that the budget leaves beside these channels. */
  const withSlices = async (counts: readonly number[]): Promise<Action[]> => {
    const others = pruners.filter(({ action }) => action === 'channels');
    const choices = groups.map((group, i) => ({ ...wholeChoice(group), keep: counts[i]! }));
    const channels = planOf(others, groups, choices);
    return actionsOf(
      counts,
      await slices?.spread(sharesQuestion(wall, groups, counts, { smallest: minimum, channels })),
    );
  };
  const uniform = (): Action[] => {
    const ratio = uniformRatio(hasChannels || hasSlices ? minimum : 0, (candidate) =>
      fits(choicesAt(candidate)),
    );
    return choicesAt(ratio).map(({ block }) =>
      pruners.map(({ action }) => (action === 'blocks' ? Number(block) : ratio)),
    );
  };

  const size = features[0]!.length + 2 + pruners.length;
  return {
    observationSpace: { type: 'box', low: Array<number>(size).fill(0), high: Array<number>(size).fill(1) },
    actionSpace: {
      type: 'box',
      low: pruners.map(({ action }) => (action === 'blocks' ? 0 : minimum)),
      high: pruners.map(() => 1),
    },
    maxSteps: groups.length,
    reset: async () => {
      chosen = [];
      previous = pruners.map(() => 1);
      active = true;
      return { observation: observe() };
    },
    step: async (action): Promise<StepResult> => {
      if (!active)
        throw new TersorError(
          'EPISODE_OVER',
          'The pruning environment was stepped outside of an episode; call reset first.',
        );
      const group = groups[chosen.length]!;
      const value = (kind: Pruner['action']) =>
        action[pruners.findIndex((pruner) => pruner.action === kind)] ?? 1;
      const choice = limit({
        keep: toCount(group, value('channels')),
        share: clamp(value('slices'), minimum, 1),
        block: value('blocks') >= 0.5,
      });
      chosen = [...chosen, choice];
      const shares = {
        channels: clamp(choice.keep / group.channels, minimum, 1),
        slices: choice.share,
        blocks: Number(choice.block),
      };
      const executed = pruners.map(({ action: kind }) => shares[kind]);
      previous = executed;
      const terminated = chosen.length === groups.length;
      if (!terminated)
        return { observation: observe(), reward: 0, terminated, truncated: false, info: { executed } };
      active = false;
      const policy = planOf(pruners, groups, chosen);
      const { reward, measures } = await finish(policy);
      return {
        observation: observe(),
        reward,
        terminated,
        truncated: false,
        info: { executed, measures, policy },
      };
    },
    heuristics: {
      uniform: async () => uniform(),
      magnitude: async () => {
        // A pruner of slices ranks them by itself: alone, it needs no more than the share.
        if (!hasChannels) return uniform();
        return actionsOf(magnitudeCounts(graph, question));
      },
      ...Object.fromEntries(
        [...pluginHeuristics(hasChannels ? pruners : [])].map(([name, heuristic]) => [
          name,
          // Where channels alone cannot keep the budget, slices and blocks go too: the wall sees to it.
          async () => withSlices(shared.fits(shared.smallest) ? await heuristic(shared) : shared.smallest),
        ]),
      ),
      ...(slices &&
        !hasChannels && { [slices.name]: () => withSlices(groups.map(({ channels }) => channels)) }),
    },
  };
}

function groupFeatures(graph: LayerGraph, group: ChannelGroup, index: number, macsWithout: number): number[] {
  const producer = graph.layers.find(
    ({ name }) => name === group.members.find(({ role }) => role === 'produces')!.layer,
  )!;
  const kernel = producer.weights.find(({ name }) => name.endsWith('kernel'))!;
  const shape = graph.calls.find((call) => call.layer === producer.name)!.outputShape;
  const [height, width] = shape.length === 3 ? [shape[0] ?? 1, shape[1] ?? 1] : [1, 1];
  const strides = producer.config['strides'];
  const stride = Array.isArray(strides) ? Number(strides[0]) : 1;
  return [
    index,
    Number(producer.className === 'Dense'),
    group.channels,
    kernel.shape.at(-2) ?? 1,
    height,
    width,
    stride,
    kernel.shape.length === 4 ? kernel.shape[0]! : 1,
    -macsWithout,
  ];
}
