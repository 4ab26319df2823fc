// Writes docs/benchmarks/paper.md from bench/paper/results/*.json: node bench/paper/page.mjs Results get
// there by a run of compress (or train) and then: node bench/paper/page.mjs --take out/paper/NAME NAME
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { earlier } from './page-earlier.mjs';
import {
  NETWORKS,
  count,
  floatBytes,
  here,
  minutes,
  percent,
  points,
  read,
  results,
  row,
  searchTable,
  trainingMinutes,
} from './page-format.mjs';
import { fashion, mobilenet, vgg16 } from './page-networks.mjs';
import { agents, bytesCurve, million } from './page-studies.mjs';

/** The paper's figures for VGGNet on CIFAR-10. */
const PAPER_PARAMETERS = 2_200_000;
const PAPER_GAIN = 0.002;
/** Evaluations after which the page says how far the search was. */
const MARKS = [20, 50, 100];
const take = process.argv.indexOf('--take');
if (take > 0) takeRun(process.argv[take + 1], process.argv[take + 2]);

const search = read('vgg19-wide.json');
const trained = read('vgg19-wide-train.json');
const bits = read('vgg19-wide-bits.json');
const smallest = read('vgg19-wide-384.json');
const original = search.baseline;
const prunedChange = trained.accuracy.test - original.accuracy.test;
const packedChange = bits.compressed.accuracy.test - original.accuracy.test;
const reached = trained.parameters <= PAPER_PARAMETERS && prunedChange >= 0;

writeFileSync(
  join(here, '../../docs/benchmarks/paper.md'),
  `# The paper's network: VGG-19 on CIFAR-10

*Deep Model Compression via (Two-Stage) Deep Reinforcement Learning* (Zhan, Lin, Cao; arXiv 1912.02254) takes VGGNet on CIFAR-10 from 20.04 M parameters to 2.20 M, with 0.2% more accuracy.
This page is written by \`bench/paper/page.mjs\` from \`bench/paper/results\`.

${NETWORKS}
${row('original', original, floatBytes(original))}
${row('pruned by ppo, before any training', search.pruned, floatBytes(search.pruned))}
${row(`then ${trained.config.train.epochs} epochs of training`, trained, floatBytes(trained))}
${row('then quantized by ddpg (measured file)', bits.compressed, bits.compressed.bytes)}
${row(`or to ${count(smallest.config.quantize.budget.bytes)} bytes at most, ${smallest.config.quantize.finetune.epochs} epochs (measured file)`, smallest.compressed, smallest.compressed.bytes)}

${verdict()}

The packed file is ${(floatBytes(original) / bits.compressed.bytes).toFixed(0)} times smaller than the original in float32, at ${points(packedChange)}; stage 2 by itself changes the accuracy by
${points(bits.compressed.accuracy.test - trained.accuracy.test)}. One run, one seed.

\`\`\`bash
npm run setup:tfjs-node
npm run tersor -- compress bench/paper/vgg19-wide.yaml
npm run tersor -- train bench/paper/vgg19-wide-train.yaml
npm run tersor -- compress bench/paper/vgg19-wide-bits.yaml
npm run tersor -- compress bench/paper/vgg19-wide-bits.yaml --out out/paper/vgg19-wide-384 \\
  --set quantize.budget.bytes=384000 --set quantize.finetune.epochs=2
for name in vgg19-wide vgg19-wide-train vgg19-wide-bits vgg19-wide-384; do node bench/paper/page.mjs --take out/paper/$name $name; done
\`\`\`

Each goes on with \`--resume\` where it was interrupted. ${search.machine}; Node ${search.versions.node}; ${minutes(search.seconds)} (with two other searches beside it), ${trainingMinutes(trained)} and ${minutes(bits.seconds)} minutes for the first three.

## What the agents found
ppo starts from nothing. Seed ${search.seed} was taken because it had the best validation accuracy of three in [the comparison](#which-agent-rq5); no other seed of ppo was run with as many evaluations at this budget. Its best accuracy on ${search.config.prune.images} validation images, before any training: ${progress()}. (How often ppo learns follows the length of a search, so its first 20 differ from those of the comparison.)
Channels that it keeps, layer by layer: ${widths()}.

${searchTable({ quantize: ['vgg19-wide-bits', bits] })}

That is before any training at those widths, and the heuristics are where ddpg starts from.

## Differences to the paper
- Images are a JPEG copy of CIFAR-10, which costs about a point of accuracy; the original has ${percent(original.accuracy.test)} here.
- The given network had seen all 50,000 training images, so the ${count(search.config.dataset.validation)} validation images of the searches rank policies but don't tell its accuracy (${percent(original.accuracy.validation)} there). The training has all but ${trained.config.dataset.validation} of them too, as the original's had.
- The original had 24 epochs with flips and shifts (its README); the pruned network, which starts from its weights, had ${trained.config.train.epochs} with cutout besides. How far the original would get with those was not measured, so the gain is not all the pruning's.
- Channels only: the kernel-wise variational pruner was not part of this run.
- The file that was read holds the weights in half precision (${count(original.bytes)} bytes); ratios here are against float32, as in the paper.
${earlier()}${agents()}${bytesCurve()}${million()}${fashion()}${mobilenet()}${vgg16()}`,
);

function verdict() {
  const times = (original.parameters / trained.parameters).toFixed(1);
  const macs = (original.macs / trained.macs).toFixed(1);
  const figures = `Parameters fall ${times} times, multiply-adds ${macs} times, and the test accuracy changes by ${points(prunedChange)} (the paper: 9 times, ${points(PAPER_GAIN)}).`;
  return `**The floor of the paper, at most ${(PAPER_PARAMETERS / 1e6).toFixed(2)} M parameters with no loss, is ${reached ? '' : 'not '}reached.** ${figures}`;
}

function progress() {
  const rewards = read('vgg19-wide.search.json').prune.map(({ reward }) => reward);
  const bestOf = (evaluations) => Math.max(...rewards.slice(0, evaluations)).toFixed(3);
  return [...MARKS, rewards.length]
    .map((evaluations) => `${bestOf(evaluations)} after ${evaluations} evaluations`)
    .join(', ');
}

/** How many channels each convolution keeps, in their order. */
function widths() {
  const { prune } = read('vgg19-wide.policy.json');
  return prune.map(({ keep }) => keep.length).join(', ');
}

function takeRun(folder, name) {
  if (existsSync(join(folder, 'training.json')))
    return void copyFileSync(join(folder, 'training.json'), results(`${name}.json`));
  for (const [from, to] of [
    ['summary.json', `${name}.json`],
    ['policy.json', `${name}.policy.json`],
  ])
    copyFileSync(join(folder, from), results(to));
  const episodes = readFileSync(join(folder, 'episodes.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const lean = ({ episode, heuristic, actions, reward, measures }) => ({
    episode,
    heuristic,
    actions,
    reward,
    measures,
  });
  const search = Object.fromEntries(
    ['prune', 'quantize'].map((stage) => [
      stage,
      episodes.filter((episode) => episode.stage === stage).map(lean),
    ]),
  );
  writeFileSync(results(`${name}.search.json`), `${JSON.stringify(search)}\n`);
}
