// The part of docs/benchmarks/paper.md about VGG-19 before the wide channels were found: ddpg from the
// heuristics, and what more training brought.
import {
  NETWORKS,
  epochs,
  floatBytes,
  minutes,
  percent,
  points,
  read,
  row,
  searchTable,
  trainingMinutes,
} from './page-format.mjs';

/** What the run with cutout changes of vgg19.yaml. */
const CUTOUT = [
  ...['learningRate=0.1', 'augmentation.cutout=8'].map((setting) => `prune.finetune.${setting}`),
  ...['epochs=5', 'learningRate=0.004', 'augmentation.cutout=8'].map(
    (setting) => `quantize.finetune.${setting}`,
  ),
];

/** Narrower channels, trained in several ways. */
export function earlier() {
  const run = read('vgg19.json');
  const first = read('vgg19-10-epochs.json');
  const cutout = read('vgg19-cutout.json');
  const longer = read('vgg19-longer.json');
  const bits = read('vgg19-bits.json');
  const again = read('vgg19-again.json');
  return `
## Before that: the channels that ddpg found from the heuristics
60 evaluations, two of them the heuristics; then trained in several ways.

${NETWORKS}
${row(`pruned by ddpg, ${epochs(run)} epochs of fine-tune`, run.pruned, floatBytes(run.pruned))}
${row(`then ${longer.config.train.epochs} epochs with cutout`, longer, floatBytes(longer))}
${row('then quantized (measured file)', bits.compressed, bits.compressed.bytes)}
${row(`quantized without those ${longer.config.train.epochs} epochs`, run.compressed, run.compressed.bytes)}
${row(`the same channels, ${epochs(cutout)} epochs with cutout and twice the learning rate`, cutout.pruned, floatBytes(cutout.pruned))}
${row('quantized, five epochs of it', cutout.compressed, cutout.compressed.bytes)}
${row(`the network with cutout, then ${again.config.train.epochs} epochs with its own soft labels`, again, floatBytes(again))}
${row(`a first run: pruned, ${epochs(first)} epochs`, first.pruned, floatBytes(first.pruned))}
${row('a first run: pruned and quantized', first.compressed, first.compressed.bytes)}

The ${longer.config.train.epochs} epochs after the fine-tune brought ${points(longer.accuracy.test - run.pruned.accuracy.test)}; at their end ${percent(longer.history.at(-1).accuracy)} of the augmented training images were right. Cutout and twice the learning rate within the ${epochs(cutout)} epochs brought ${points(cutout.pruned.accuracy.test - run.pruned.accuracy.test)}, and ${again.config.train.epochs} epochs more on that network, with cutout of ${again.config.train.augmentation.cutout} pixels, its own soft labels and nearly all training images, ${points(again.accuracy.test - cutout.pruned.accuracy.test)}: these channels end at about 89%, whatever they were trained with here.

${searchTable({ prune: ['vgg19', run], quantize: ['vgg19-bits', bits] })}

All of that is before any fine-tune, and the heuristics are where ddpg starts from.

\`\`\`bash
npm run tersor -- compress bench/paper/vgg19.yaml --resume
npm run tersor -- train bench/paper/vgg19-longer.yaml
npm run tersor -- compress bench/paper/vgg19-bits.yaml --resume
for name in vgg19 vgg19-longer vgg19-bits; do node bench/paper/page.mjs --take out/paper/$name $name; done
npm run tersor -- compress bench/paper/vgg19.yaml --out out/paper/vgg19-cutout \\
${CUTOUT.map((setting) => `  --set ${setting}`).join(' \\\n')}
node bench/paper/page.mjs --take out/paper/vgg19-cutout vgg19-cutout
npm run tersor -- train bench/paper/vgg19-again.yaml
node bench/paper/page.mjs --take out/paper/vgg19-again vgg19-again
\`\`\`

Seed ${run.seed}; ${minutes(run.seconds)}, ${trainingMinutes(longer)} and ${minutes(bits.seconds)} minutes for the first three, with other work on the machine. The first run had a wall of ${percent(first.config.prune.budget.macs)} of the multiply-adds besides, and no rounding of channels to multiples of ${run.config.prune.round}.
`;
}
