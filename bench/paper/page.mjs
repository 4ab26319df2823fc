// Writes docs/benchmarks/paper.md from bench/paper/results/*.json: node bench/paper/page.mjs
// Results get there by a run of compress (or train) and then: node bench/paper/page.mjs --take out/paper/NAME NAME
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NETWORKS, count, epochs, floatBytes, here, minutes, percent, points, read, results, row, searchTable } from './page-format.mjs';
import { fashion, mobilenet, vgg16 } from './page-networks.mjs';
import { agents, bytesCurve, million } from './page-studies.mjs';

/** The paper's figures for VGGNet on CIFAR-10. */
const PAPER_PARAMETERS = 2_200_000;
const PAPER_GAIN = 0.002;
/** What the run with cutout changes of vgg19.yaml. */
const CUTOUT = [
  ...['learningRate=0.1', 'augmentation.cutout=8'].map((setting) => `prune.finetune.${setting}`),
  ...['epochs=5', 'learningRate=0.004', 'augmentation.cutout=8'].map((setting) => `quantize.finetune.${setting}`),
];
const take = process.argv.indexOf('--take');
if (take > 0) takeRun(process.argv[take + 1], process.argv[take + 2]);

const run = read('vgg19.json');
const first = read('vgg19-10-epochs.json');
const cutout = read('vgg19-cutout.json');
const longer = read('vgg19-longer.json');
const bits = read('vgg19-bits.json');
const again = read('vgg19-again.json');
const originalBytes = floatBytes(run.baseline);
const prunedChange = longer.accuracy.test - run.baseline.accuracy.test;
const packedChange = bits.compressed.accuracy.test - run.baseline.accuracy.test;
const reached = longer.parameters <= PAPER_PARAMETERS && prunedChange >= 0;

writeFileSync(
  join(here, '../../docs/benchmarks/paper.md'),
  `# The paper's network: VGG-19 on CIFAR-10

*Deep Model Compression via (Two-Stage) Deep Reinforcement Learning* (Zhan, Lin, Cao; arXiv 1912.02254) takes VGGNet on CIFAR-10 from 20.04 M parameters to 2.20 M, with 0.2% more accuracy.
This page is written by \`bench/paper/page.mjs\` from \`bench/paper/results\`.

${NETWORKS}
${row('original', run.baseline, originalBytes)}
${row(`pruned by ddpg, ${epochs(run)} epochs of fine-tune`, run.pruned, floatBytes(run.pruned))}
${row(`then ${longer.config.train.epochs} epochs with cutout`, longer, floatBytes(longer))}
${row('then quantized (measured file)', bits.compressed, bits.compressed.bytes)}
${row(`quantized without those ${longer.config.train.epochs} epochs`, run.compressed, run.compressed.bytes)}
${row(`the same channels, ${epochs(cutout)} epochs with cutout and twice the learning rate`, cutout.pruned, floatBytes(cutout.pruned))}
${row('quantized, five epochs of it', cutout.compressed, cutout.compressed.bytes)}
${row(`the network with cutout, then ${again.config.train.epochs} epochs with its own soft labels`, again, floatBytes(again))}
${row(`a first run: pruned, ${epochs(first)} epochs`, first.pruned, floatBytes(first.pruned))}
${row('a first run: pruned and quantized', first.compressed, first.compressed.bytes)}

${verdict()}

The packed file is ${(originalBytes / bits.compressed.bytes).toFixed(0)} times smaller than the original in float32, at ${points(packedChange)}; stage 2 by itself changes the accuracy by
${points(bits.compressed.accuracy.test - longer.accuracy.test)}. One run, one seed.

\`\`\`bash
npm run setup:tfjs-node
npm run tersor -- compress bench/paper/vgg19.yaml --resume
npm run tersor -- train bench/paper/vgg19-longer.yaml --resume
npm run tersor -- compress bench/paper/vgg19-bits.yaml --resume
for name in vgg19 vgg19-longer vgg19-bits; do node bench/paper/page.mjs --take out/paper/$name $name; done
npm run tersor -- compress bench/paper/vgg19.yaml --out out/paper/vgg19-cutout \\
${CUTOUT.map((setting) => `  --set ${setting}`).join(' \\\n')}
node bench/paper/page.mjs --take out/paper/vgg19-cutout vgg19-cutout
npm run tersor -- train bench/paper/vgg19-again.yaml --resume
node bench/paper/page.mjs --take out/paper/vgg19-again vgg19-again
\`\`\`

Seed ${run.seed}; ${run.machine}; Node ${run.versions.node}; ${minutes(run.seconds)}, ${minutes(longer.history.reduce((sum, { seconds }) => sum + seconds, 0))} and ${minutes(bits.seconds)} minutes with other work on the machine. The first run had a wall of ${percent(first.config.prune.budget.macs)} of the multiply-adds besides, and no rounding of channels to multiples of ${run.config.prune.round}.

## What the agent found
${searchTable({ prune: ['vgg19', run], quantize: ['vgg19-bits', bits] })}

All of that is before any fine-tune, and the heuristics are where ddpg starts from.

## Differences to the paper
- Images are a JPEG copy of CIFAR-10, which costs about a point of accuracy; the original has ${percent(run.baseline.accuracy.test)} here.
- The given network had seen all 50,000 training images, so our ${count(run.config.dataset.validation)} validation images rank policies but don't tell its accuracy (${percent(run.baseline.accuracy.validation)} there).
- Channels only: the kernel-wise variational pruner was not part of this run.
- The file that was read holds the weights in half precision (${count(run.baseline.bytes)} bytes); ratios here are against float32, as in the paper.
${agents()}${bytesCurve()}${existsSync(results('vgg19-million.json')) ? million() : ''}${fashion()}${mobilenet()}${vgg16()}`,
);

function verdict() {
  const times = (run.baseline.parameters / longer.parameters).toFixed(1);
  const macs = (run.baseline.macs / longer.macs).toFixed(1);
  const figures = `Parameters fall ${times} times, multiply-adds ${macs} times, and the test accuracy changes by ${points(prunedChange)} (the paper: 9 times, ${points(PAPER_GAIN)}).`;
  if (reached) return `**The floor of the paper is reached**: at most 2.20 M parameters with no loss. ${figures}`;
  return `**The floor of the paper is not reached.** ${figures} The ${longer.config.train.epochs} epochs after the fine-tune brought ${points(longer.accuracy.test - run.pruned.accuracy.test)}; at their end ${percent(longer.history.at(-1).accuracy)} of the augmented training images were right. Cutout and twice the learning rate within the ${epochs(cutout)} epochs brought ${points(cutout.pruned.accuracy.test - run.pruned.accuracy.test)}, and ${again.config.train.epochs} epochs more on that network, with cutout of ${again.config.train.augmentation.cutout} pixels, its own soft labels and nearly all training images, ${points(again.accuracy.test - cutout.pruned.accuracy.test)}: these channels end at about 89%, whatever they were trained with here. Not tried: to fine-tune channels with more multiply-adds for the same parameters, which keep far more before any fine-tune ([below](#which-agent-rq5)).`;
}

function takeRun(folder, name) {
  if (existsSync(join(folder, 'training.json'))) return void copyFileSync(join(folder, 'training.json'), results(`${name}.json`));
  for (const [from, to] of [['summary.json', `${name}.json`], ['policy.json', `${name}.policy.json`]]) copyFileSync(join(folder, from), results(to));
  const episodes = readFileSync(join(folder, 'episodes.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  const lean = ({ episode, heuristic, actions, reward, measures }) => ({ episode, heuristic, actions, reward, measures });
  const search = Object.fromEntries(['prune', 'quantize'].map((stage) => [stage, episodes.filter((episode) => episode.stage === stage).map(lean)]));
  writeFileSync(results(`${name}.search.json`), `${JSON.stringify(search)}\n`);
}
