// What every part of the page is written with: the committed results and how figures look.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const here = dirname(fileURLToPath(import.meta.url));
export const results = (name) => join(here, 'results', name);
export const read = (name) => JSON.parse(readFileSync(results(name), 'utf8'));

export const percent = (share) => `${(100 * share).toFixed(2)}%`;
export const count = (value) => value.toLocaleString('en');
export const points = (share) => `${share >= 0 ? '+' : ''}${(100 * share).toFixed(2)} points`;
export const minutes = (seconds) => Math.round(seconds / 60);
export const trainingMinutes = ({ history }) =>
  minutes(history.reduce((sum, { seconds }) => sum + seconds, 0));
export const floatBytes = ({ parameters }) => 4 * parameters;
export const epochs = ({ config }) => config.prune.finetune.epochs;

/** The head of a table of networks. */
export const NETWORKS =
  '| network | parameters | multiply-adds | bytes | test accuracy |\n|---|---|---|---|---|';

/** A row of it. */
export function row(name, { parameters, macs, accuracy }, bytes) {
  return `| ${name} | ${count(parameters)} | ${count(macs)} | ${count(bytes)} | ${percent(accuracy.test)} |`;
}

/** @param runs by stage, the name of the run's files and its summary */
export function searchTable(runs) {
  const titles = { prune: 'channels', quantize: 'bit widths' };
  const lines = Object.entries(runs).map(([stage, [name, { config }]]) => {
    const episodes = read(`${name}.search.json`)[stage];
    const best = (heuristic) => {
      const rewards = episodes
        .filter((episode) => episode.heuristic === heuristic)
        .map(({ reward }) => reward);
      return rewards.length > 0 ? Math.max(...rewards).toFixed(3) : '';
    };
    return `| ${titles[stage]}, accuracy on ${count(config[stage].images)} validation images | ${episodes.length} | ${best()} | ${best('uniform')} | ${best('magnitude')} |`;
  });
  return [
    "| stage | episodes | best of the agent's own | uniform | magnitude |",
    '|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}
