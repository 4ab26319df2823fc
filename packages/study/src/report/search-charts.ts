import { grouped, percent } from '@tersor/core';
import { policyWords, type SearchFigures, type Summary } from '@tersor/compression';
import type { EpisodeFigures } from '../results/read-run.js';
import type { Stage } from '../results/run-records.js';
import { paretoFront } from '../statistics/pareto.js';
import { chart, LEGEND, legendHeight, valueAxis, type ChartSize } from './chart.js';
import { duration, short } from './html.js';
import { table } from './table.js';

/** Names of the stages in headings. */
export const STAGE_TITLES: Readonly<Record<Stage, string>> = {
  prune: 'Stage 1, pruning',
  quantize: 'Stage 2, bit widths',
};

/** Largest reward up to each episode. */
export function bestSoFar(rewards: readonly number[]): number[] {
  let best = -Infinity;
  return rewards.map((reward) => (best = Math.max(best, reward)));
}

/** Chart of the reward over the episodes of one stage, with the best so far. */
export function rewardChart(stage: Stage, episodes: readonly EpisodeFigures[]): string {
  const rounds = [...new Set(episodes.map(({ round = 1 }) => round))].map((number) =>
    episodes.filter(({ round = 1 }) => round === number),
  );
  // Every round has its own budget: rewards of different rounds are not comparable.
  const best = rounds.flatMap((lines) => bestSoFar(lines.map(({ reward }) => reward)));
  const last = episodes.length - rounds.at(-1)!.length;
  const byAgent = episodes.filter(({ heuristic }) => heuristic === undefined);
  const byHeuristic = episodes.filter(({ heuristic }) => heuristic !== undefined);
  const series = [byAgent, byHeuristic];
  return chart({
    id: `reward-${stage}`,
    title: `${STAGE_TITLES[stage]}: reward over episodes`,
    description: `Each mark is a candidate network that was evaluated; the line is the best reward so far. ${episodes.length} episodes, the best${rounds.length > 1 ? ` of the last of ${rounds.length} rounds` : ''} is episode ${best.indexOf(best.at(-1)!, last) + 1} with ${best.at(-1)!.toFixed(4)}.`,
    height: 320,
    option: ({ narrow }) => ({
      legend: LEGEND,
      grid: { left: narrow ? 56 : 68, right: 12, top: 36, bottom: 48 },
      xAxis: valueAxis('episode', String, { min: 0, max: episodes.length }),
      yAxis: valueAxis('reward', (value) => String(Number(value.toPrecision(3))), {
        nameGap: narrow ? 40 : 50,
      }),
      series: [
        {
          name: 'agent',
          type: 'scatter',
          symbolSize: 6,
          itemStyle: { color: 'var(--c0)', opacity: 0.7 },
          data: byAgent.map(({ episode, reward }) => [episode, reward]),
        },
        {
          name: 'heuristic',
          type: 'scatter',
          symbol: 'diamond',
          symbolSize: 11,
          itemStyle: { color: 'var(--c1)' },
          data: byHeuristic.map(({ episode, reward }) => [episode, reward]),
        },
        {
          name: 'best so far',
          type: 'line',
          step: 'end',
          symbol: 'none',
          lineStyle: { color: 'var(--c2)', width: 2 },
          itemStyle: { color: 'var(--c2)' },
          data: episodes.map(({ episode }, i) => [episode, best[i]!]),
        },
      ],
    }),
    tip: (index, point) => (series[index]?.[point] ? describe(series[index][point]) : undefined),
    table: episodeTable(stage, episodes),
  });
}

/** Measure of a candidate's cost in a stage: multiply-adds when pruning, bytes when quantizing. */
export function costOf(stage: Stage): 'macs' | 'bytes' {
  return stage === 'prune' ? 'macs' : 'bytes';
}

/** Index of the winner's series. */
const CHOSEN = 2;

function seriesNames(isLive: boolean): readonly string[] {
  return ['candidate', 'Pareto front', isLive ? 'best so far' : 'chosen', 'original'];
}

/**
 * Chart of the validation accuracy of a stage's candidates against their cost, with the Pareto front. Empty
 * if the environment measured no accuracy or cost.
 */
export function candidateChart(
  stage: Stage,
  episodes: readonly EpisodeFigures[],
  {
    baseline,
    search,
    isLive = false,
  }: Pick<Summary, 'baseline' | 'search'> & {
    /** Whether the search is still running, so that the best may change. */
    readonly isLive?: boolean;
  },
): string {
  const key = costOf(stage);
  const candidates = episodes.filter(
    ({ measures }) => measures[key] !== undefined && measures['accuracy'] !== undefined,
  );
  if (candidates.length === 0) return '';
  const cost = ({ measures }: EpisodeFigures) => measures[key]!;
  const accuracy = ({ measures }: EpisodeFigures) => measures['accuracy']!;
  const front = paretoFront(candidates, cost, accuracy).map((index) => candidates[index]!);
  const point = (line: EpisodeFigures) => [cost(line), accuracy(line)];
  const chosen = winnerOf(candidates, search[stage]);
  const original = [baseline[key], baseline.accuracy.validation];
  const unit = key === 'macs' ? 'multiply-adds' : 'bytes of the packed file';
  const names = seriesNames(isLive);
  return chart({
    id: `candidates-${stage}`,
    title: `${STAGE_TITLES[stage]}: accuracy against ${key === 'macs' ? 'multiply-adds' : 'bytes'}`,
    description: `Validation accuracy of every candidate before its fine-tune, against its ${unit}. The line joins the ${front.length} that no other beats (the Pareto front); "tersor apply <folder> --episode <number>${stage === 'quantize' ? ' --stage quantize' : ''}" applies any of them, into a new folder.${chosen ? ` ${isLive ? 'Best so far' : 'Chosen'}: episode ${chosen.episode}.` : ''} The original has ${percent(baseline.accuracy.validation)} at ${grouped(baseline[key])}.`,
    height: 320,
    option: (size) => ({
      // A pin is drawn above its point; in the legend it would be above its line of text.
      legend: {
        ...LEGEND,
        data: names.map((name, at) => ({ name, ...(at === CHOSEN && { icon: 'circle' }) })),
      },
      ...accuracyAxes(size, unit, names),
      series: [
        {
          name: 'candidate',
          type: 'scatter',
          symbolSize: 7,
          itemStyle: { color: 'var(--c0)', opacity: 0.6 },
          data: candidates.map(point),
        },
        {
          name: 'Pareto front',
          type: 'line',
          lineStyle: { color: 'var(--c1)', width: 2 },
          symbol: 'diamond',
          symbolSize: 9,
          itemStyle: { color: 'var(--c1)' },
          data: front.map(point),
        },
        {
          name: names[CHOSEN]!,
          type: 'scatter',
          symbol: 'pin',
          symbolSize: 26,
          itemStyle: { color: 'var(--c5)' },
          data: chosen ? [point(chosen)] : [],
        },
        {
          name: 'original',
          type: 'scatter',
          symbol: 'triangle',
          symbolSize: 13,
          itemStyle: { color: 'var(--c2)' },
          data: [original],
        },
      ],
    }),
    tip: (index, at) => {
      if (index === 0) return describe(candidates[at]!);
      return index === 3
        ? `Original: accuracy ${percent(baseline.accuracy.validation)}\n${grouped(baseline[key])} ${unit}`
        : describeWhole(index === 2 ? chosen! : front[at]!);
    },
    table: episodeTable(stage, front, 'Candidates on the Pareto front'),
  });
}

/** The episode whose policy was applied: the confirmed one, else the first with the best reward. */
function winnerOf(
  episodes: readonly EpisodeFigures[],
  figures: SearchFigures | undefined,
): EpisodeFigures | undefined {
  const rounds = Math.max(...episodes.map(({ round = 1 }) => round));
  const last = episodes.filter(({ round = 1 }) => round === rounds);
  const confirmed = (figures?.rounds?.at(-1) ?? figures)?.confirmed?.episode;
  if (confirmed !== undefined) return last.find(({ episode }) => episode === confirmed);
  return last.reduce<EpisodeFigures | undefined>(
    (best, line) => (best && best.reward >= line.reward ? best : line),
    undefined,
  );
}

/** Grid and axes of a chart of accuracy against cost, below a legend of these names. */
export function accuracyAxes(
  size: ChartSize,
  unit: string,
  names: readonly string[],
): { grid: object; xAxis: object; yAxis: object } {
  const { narrow } = size;
  return {
    grid: { left: narrow ? 56 : 68, right: 24, top: legendHeight(names, size), bottom: 48 },
    xAxis: valueAxis(unit, short),
    yAxis: valueAxis('accuracy', (value) => `${Number((value * 100).toFixed(2))}%`, {
      nameGap: narrow ? 44 : 54,
    }),
  };
}

/** How many layers of a policy the text of a data point lists; the rest are only counted. */
const NAMED = 14;

/** Describes a candidate with its policy. Only for a few: the policies of all would fill the page. */
function describeWhole(line: EpisodeFigures): string {
  const chosen = Object.entries(policyWords(line.policy)).map(([layer, words]) => `${layer}: ${words}`);
  const more = chosen.length > NAMED ? [`and ${chosen.length - NAMED} more`] : [];
  return [describe(line), ...chosen.slice(0, NAMED), ...more].join('\n');
}

function describe({ episode, heuristic, reward, measures, seconds }: EpisodeFigures): string {
  const lines = [
    `Episode ${episode}${heuristic === undefined ? '' : ` (heuristic ${heuristic})`}: reward ${reward.toFixed(4)}`,
  ];
  if (measures['accuracy'] !== undefined) lines.push(`accuracy ${percent(measures['accuracy'])}`);
  if (measures['macs'] !== undefined) lines.push(`${grouped(measures['macs'])} multiply-adds`);
  if (measures['bytes'] !== undefined) lines.push(`${grouped(measures['bytes'])} bytes`);
  return [...lines, duration(seconds)].join('\n');
}

function episodeTable(
  stage: Stage,
  episodes: readonly EpisodeFigures[],
  caption = `Episodes of ${STAGE_TITLES[stage].toLowerCase()}`,
): string {
  const measured = ['accuracy', 'macs', 'parameters', 'bytes'].filter((name) =>
    episodes.some(({ measures }) => measures[name] !== undefined),
  );
  return table(caption, episodes, [
    { head: 'episode', text: ({ episode }) => String(episode), value: ({ episode }) => episode },
    { head: 'chosen by', text: ({ heuristic }) => heuristic ?? 'agent' },
    { head: 'reward', text: ({ reward }) => reward.toFixed(4), value: ({ reward }) => reward },
    ...measured.map((name) => ({
      head: name === 'macs' ? 'MACs' : name,
      text: ({ measures }: EpisodeFigures) =>
        measures[name] === undefined
          ? ''
          : name === 'accuracy'
            ? percent(measures[name])
            : grouped(measures[name]),
      value: ({ measures }: EpisodeFigures) => measures[name],
    })),
    { head: 'seconds', text: ({ seconds }) => seconds.toFixed(2), value: ({ seconds }) => seconds },
  ]);
}
