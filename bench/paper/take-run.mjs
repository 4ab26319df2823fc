// Takes what the benchmark pages need of a run's folder into bench/paper/results:
//   node bench/paper/take-run.mjs out/paper/NAME NAME
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, name] = process.argv.slice(2);
if (folder === undefined || name === undefined) {
  console.error('usage: node bench/paper/take-run.mjs FOLDER NAME');
  process.exit(2);
}
const results = (file) => join(import.meta.dirname, 'results', file);

if (existsSync(join(folder, 'training.json'))) {
  copyFileSync(join(folder, 'training.json'), results(`${name}.json`));
} else {
  copyFileSync(join(folder, 'summary.json'), results(`${name}.json`));
  copyFileSync(join(folder, 'policy.json'), results(`${name}.policy.json`));
  const episodes = readFileSync(join(folder, 'episodes.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
  const stages = ['prune', 'quantize'].map((stage) => [
    stage,
    episodes
      .filter((episode) => episode.stage === stage)
      .map(({ episode, heuristic, actions, reward, measures }) => ({
        episode,
        heuristic,
        actions,
        reward,
        measures,
      })),
  ]);
  writeFileSync(results(`${name}.search.json`), `${JSON.stringify(Object.fromEntries(stages))}\n`);
}
