// Writes docs/benchmarks/paper.md from bench/paper/results/*.json: node bench/paper/page.mjs
// Results get there by: npm run tersor -- compress bench/paper/vgg19.yaml, then copying out/paper/vgg19/{summary,policy}.json and its searches (node bench/paper/page.mjs --take out/paper/vgg19 vgg19).
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const results = (name) => join(here, 'results', name);
const read = (name) => JSON.parse(readFileSync(results(name), 'utf8'));
const take = process.argv.indexOf('--take');
if (take > 0) takeRun(process.argv[take + 1], process.argv[take + 2]);

const run = read('vgg19.json');
const curve = read('vgg19.search.json');
const percent = (share) => `${(100 * share).toFixed(2)}%`;
const count = (value) => value.toLocaleString('en');
/** Float32 bytes of the original's parameters, the paper's unit for "80.14 MB"; the file that was read holds half precision. */
const originalBytes = 4 * run.baseline.parameters;
const row = (name, { parameters, macs, accuracy }, bytes) => `| ${name} | ${count(parameters)} | ${count(macs)} | ${count(bytes)} | ${percent(accuracy.test)} |`;
const change = (figures) => `${(100 * (figures.accuracy.test - run.baseline.accuracy.test)).toFixed(2)} points`;
const best = (stage, heuristic) => Math.max(...curve[stage].filter((episode) => episode.heuristic === heuristic).map(({ reward }) => reward)).toFixed(3);

writeFileSync(join(here, '../../docs/benchmarks/paper.md'), `# The paper's network: VGG-19 on CIFAR-10

*Deep Model Compression via (Two-Stage) Deep Reinforcement Learning* (Zhan, Lin, Cao; arXiv 1912.02254) takes VGGNet on CIFAR-10 from 20.04 M parameters to 2.20 M, with 0.2% more accuracy.
This page is written by \`bench/paper/page.mjs\` from \`bench/paper/results\`.

| network | parameters | multiply-adds | bytes | test accuracy |
|---|---|---|---|---|
${row('original', run.baseline, originalBytes)}
${row('pruned', run.pruned, 4 * run.pruned.parameters)}
${row('pruned and quantized (measured file)', run.compressed, run.compressed.bytes)}

**The floor of the paper is not reached.** Parameters fall ${(run.baseline.parameters / run.pruned.parameters).toFixed(1)} times, more than the paper's 9, and multiply-adds ${(run.baseline.macs / run.pruned.macs).toFixed(1)} times, but the test accuracy changes by ${change(run.pruned)} (the paper: +0.2%). The packed
file is ${(originalBytes / run.compressed.bytes).toFixed(0)} times smaller than the original in float32, at ${change(run.compressed)}; stage 2 by itself costs nothing here. One run, one seed.

What limits it: ${run.config.prune.finetune.epochs} epochs of fine-tune, where the network was trained for 24; and a policy that leaves ${percent(run.pruned.macs / run.baseline.macs)} of the multiply-adds, since the search ranks policies before any fine-tune
and had no reason to spend the multiply-adds that its wall (${percent(run.config.prune.budget.macs)}) allowed.

\`\`\`bash
npm run setup:tfjs-node
npm run tersor -- compress bench/paper/vgg19.yaml --resume
node bench/paper/page.mjs --take out/paper/vgg19 vgg19
\`\`\`

Seed ${run.seed}; ${run.machine}; Node ${run.versions.node}; ${Math.round(run.seconds / 60)} minutes with other work on the machine.

## What the agent found
| stage | episodes | best of ddpg's own | uniform | magnitude |
|---|---|---|---|---|
| channels, accuracy on ${count(run.config.prune.images)} validation images | ${curve.prune.length} | ${best('prune')} | ${best('prune', 'uniform')} | ${best('prune', 'magnitude')} |
| bit widths, accuracy on ${count(run.config.quantize.images)} validation images | ${curve.quantize.length} | ${best('quantize')} | ${best('quantize', 'uniform')} | |

Before any fine-tune. In stage 1 ddpg, which starts from the two heuristics, ends where magnitude does. In stage 2 it gives early layers 4 to 5 bits and the wide late ones 2, and is far above the same
width for every layer at the same bytes. The greedy heuristic for bits was not part of this run.

## Differences to the paper
- Images are a JPEG copy of CIFAR-10, which costs about a point of accuracy; the original has ${percent(run.baseline.accuracy.test)} here.
- The given network had seen all 50,000 training images, so our ${count(run.config.dataset.validation)} validation images rank policies but don't tell its accuracy (${percent(run.baseline.accuracy.validation)} there).
- Channels only: the kernel-wise variational pruner was not part of this run.
- The file that was read holds the weights in half precision (${count(run.baseline.bytes)} bytes); ratios here are against float32, as in the paper.
`);

function takeRun(folder, name) {
  for (const [from, to] of [['summary.json', `${name}.json`], ['policy.json', `${name}.policy.json`]]) copyFileSync(join(folder, from), results(to));
  const episodes = readFileSync(join(folder, 'episodes.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  const lean = ({ episode, heuristic, actions, reward, measures }) => ({ episode, heuristic, actions, reward, measures });
  const search = Object.fromEntries(['prune', 'quantize'].map((stage) => [stage, episodes.filter((episode) => episode.stage === stage).map(lean)]));
  writeFileSync(results(`${name}.search.json`), `${JSON.stringify(search)}\n`);
}
