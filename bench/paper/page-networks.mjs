// The parts of docs/benchmarks/paper.md about other networks than VGG-19.
import { NETWORKS, count, epochs, floatBytes, minutes, read, row, searchTable } from './page-format.mjs';

/** ImageNet at a small scale. */
export function mobilenet() {
  const small = read('mobilenet.json');
  return `
## MobileNet v1 0.25 on ImageNet
Both stages with the public ImageNet weights, on a sample of 1,000 images, one of each class: 300 validation images to search on, 400 other ones to test. **No fine-tune**: 300 training images cannot train
1,000 classes, so this shows what the refit alone keeps. With ImageNet at hand, \`prune.finetune\` is the first thing to turn on ([guide](../guide/imagenet.md)).

${NETWORKS}
${row('original', small.baseline, floatBytes(small.baseline))}
${row('pruned', small.pruned, floatBytes(small.pruned))}
${row('pruned and quantized (measured file)', small.compressed, small.compressed.bytes)}

${searchTable({ prune: ['mobilenet', small], quantize: ['mobilenet', small] })}

\`\`\`bash
node bench/paper/imagenet-sample.mjs
npm run tersor -- compress bench/paper/mobilenet.yaml --resume
node bench/paper/page.mjs --take out/paper/mobilenet mobilenet
\`\`\`
`;
}

/** ImageNet at full size, without its weights. */
export function vgg16() {
  const large = read('vgg16.json');
  const overrides = [
    'model=../../out/paper/vgg16-random/model.json dataset.dir=../../examples/data/imagenet-sample dataset.train=search.txt dataset.test=few.txt dataset.classes=classes.txt dataset.validation=32',
    'prune.agent.episodes=1 prune.agent.warmStart=[] prune.images=32 prune.pruner.images=100 prune.finetune.epochs=0',
    'quantize.agent.episodes=1 quantize.agent.warmStart=[] quantize.images=32 quantize.bits=[3,3] quantize.finetune.epochs=0',
    'output=out/paper/vgg16',
  ].flatMap((line) => line.split(' '));
  return `
## VGG-16 at 224x224: what its size asks of a machine
The config for ImageNet, \`bench/paper/vgg16-imagenet.yaml\`, run dry: VGG-16 with drawn weights, so accuracies mean nothing; the sample's images; one episode of ddpg in each stage with real forward passes; all widths 3 bits.
Analysis, refit, both searches, packing and report took ${minutes(large.seconds * 10) / 10} minutes and at most ${(large.peakResidentBytes / 2 ** 30).toFixed(1)} GiB of memory, on two cores with other work on them.

| network | parameters | multiply-adds | bytes |
|---|---|---|---|
| original | ${count(large.baseline.parameters)} | ${count(large.baseline.macs)} | ${count(floatBytes(large.baseline))} |
| pruned | ${count(large.pruned.parameters)} | ${count(large.pruned.macs)} | ${count(floatBytes(large.pruned))} |
| pruned and quantized (measured file) | ${count(large.compressed.parameters)} | ${count(large.compressed.macs)} | ${count(large.compressed.bytes)} |

\`\`\`bash
node bench/paper/imagenet-sample.mjs
npm run tersor -- train bench/paper/vgg16-random.yaml
npm run tersor -- compress bench/paper/vgg16-imagenet.yaml \\
${overrides.map((override) => `  --set ${override}`).join(' \\\n')}
node bench/paper/page.mjs --take out/paper/vgg16 vgg16
\`\`\`
`;
}

/** RQ4: the same config for another network and data set. */
export function fashion() {
  const small = read('fashion-mnist.json');
  return `
## Fashion-MNIST, a small network (RQ4)
The config of VGG-19 with other names and paths, shares for budgets, and shorter fine-tunes (\`bench/paper/fashion-mnist.yaml\`). ResNet-20 is on the page of the [studies](studies.md).

${NETWORKS}
${row('original', small.baseline, floatBytes(small.baseline))}
${row(`pruned by ddpg, ${epochs(small)} epochs of fine-tune`, small.pruned, floatBytes(small.pruned))}
${row('then quantized (measured file)', small.compressed, small.compressed.bytes)}

${searchTable({ prune: ['fashion-mnist', small], quantize: ['fashion-mnist', small] })}

The images come from an npm package without the split of the original set, so the test images are the last 1,000 of each class, and the accuracies are not those of the usual test set.

\`\`\`bash
node bench/paper/fashion-mnist.mjs
npm run tersor -- train bench/paper/fashion-mnist-train.yaml
npm run tersor -- compress bench/paper/fashion-mnist.yaml --resume
node bench/paper/page.mjs --take out/paper/fashion-mnist fashion-mnist
\`\`\`
`;
}
