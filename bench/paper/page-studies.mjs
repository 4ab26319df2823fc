// The parts of docs/benchmarks/paper.md that come from studies on VGG-19.
import { count, percent, read } from './page-format.mjs';

const spread = ({ mean, deviation }) => `${mean.toFixed(3)} ± ${deviation.toFixed(3)}`;

/** RQ5: which agent finds the better channels. */
export function agents() {
  const { variants } = read('vgg19-agents.json');
  const { study } = read('vgg19-agents.study.json');
  const rows = variants
    .toSorted((a, b) => b.estimates.pruneReward.mean - a.estimates.pruneReward.mean)
    .map(({ variant, estimates, differences }) => {
      const against = variant === study.baseline ? '' : signedWithInterval(differences.pruneReward);
      return `| ${variant} | ${spread(estimates.pruneReward)} | ${against} | ${(estimates.macs.mean / 1e6).toFixed(0)} M |`;
    });
  return `
## Which agent? (RQ5)
Stage 1 at 2.2 M parameters without a fine-tune: best accuracy on 500 validation images within 20 evaluations, ${study.seeds.length} seeds. Uniform and magnitude are one policy each; "from both" starts with these two, all others from nothing.

| agent | best accuracy | against ${study.baseline}, seed by seed (95% interval) | multiply-adds |
|---|---|---|---|
${rows.join('\n')}

\`\`\`bash
npm run tersor -- study bench/paper/vgg19-agents.yaml
\`\`\`
`;
}

function signedWithInterval({ mean, interval }) {
  const signed = (value) => `${value >= 0 ? '+' : ''}${value.toFixed(3)}`;
  return `${signed(mean)} (${interval.map(signed).join(' to ')})`;
}

/** Stage 2 on the pruned network at several sizes of the file. */
export function bytesCurve() {
  const { variants } = read('vgg19-bytes.json');
  const estimates = (budget, agent) => variants.find(({ labels }) => labels['quantize.budget.bytes'] === String(budget) && labels.agent === agent).estimates;
  const budgets = [...new Set(variants.map(({ labels }) => Number(labels['quantize.budget.bytes'])))].sort((a, b) => b - a);
  const rows = budgets.map((budget) => {
    const [searched, uniform] = [estimates(budget, 'ddpg from both'), estimates(budget, 'uniform')];
    return `| ${count(budget)} | ${percent(searched.testAccuracy.mean)} | ${count(searched.bytes.mean)} | ${percent(uniform.testAccuracy.mean)} | ${count(uniform.bytes.mean)} |`;
  });
  return `
## Accuracy against bytes
Stage 2 on the network pruned with cutout (${percent(read('vgg19-cutout.json').pruned.accuracy.test)}), before any quantization-aware training, one seed: widths that ddpg finds within 30 evaluations, from uniform and magnitude, and
the widest same width for every layer that fits.

| at most, bytes | ddpg: test accuracy | bytes | one width: test accuracy | bytes |
|---|---|---|---|---|
${rows.join('\n')}

\`\`\`bash
npm run tersor -- study bench/paper/vgg19-bytes.yaml
\`\`\`
`;
}

/** How far channels can go. */
export function farther() {
  const { variants } = read('vgg19-farther.json');
  const { study } = read('vgg19-farther.study.json');
  const rows = variants.map(
    ({ labels, estimates: { parameters, macs, testAccuracy } }) => `| at most ${labels.budget} | ${count(parameters.mean)} | ${count(macs.mean)} | ${percent(testAccuracy.mean)} |`,
  );
  return `
## Fewer channels still
Stage 1 with 30 evaluations of ddpg, from uniform and magnitude, and ${study.set['prune.finetune'].epochs} epochs of fine-tune, one seed. The 2.05 M parameters of the first run had as many epochs.

| limit | parameters | multiply-adds | test accuracy |
|---|---|---|---|
${rows.join('\n')}

\`\`\`bash
npm run tersor -- study bench/paper/vgg19-farther.yaml
\`\`\`
`;
}
