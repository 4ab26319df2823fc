// The parts of docs/benchmarks/paper.md about VGG-19 beside the main run: the agents, the bytes, and one
// million parameters.
import { NETWORKS, count, epochs, floatBytes, percent, read, row, searchTable } from './page-format.mjs';

const spread = ({ mean, deviation }) => `${mean.toFixed(3)} ± ${deviation.toFixed(3)}`;

/** RQ5: which agent finds the better channels. */
export function agents() {
  const { variants } = read('vgg19-agents.json');
  const { study } = read('vgg19-agents.study.json');
  const rows = variants
    .toSorted((a, b) => b.estimates.pruneReward.mean - a.estimates.pruneReward.mean)
    .map(({ variant, estimates, differences }) => {
      const against = variant === study.baseline ? '' : differenceText(differences.pruneReward);
      return `| ${variant} | ${spread(estimates.pruneReward)} | ${against} | ${(estimates.macs.mean / 1e6).toFixed(0)} M |`;
    });
  return `
## Which agent? (RQ5)
Stage 1 at 2.2 M parameters without a fine-tune: best accuracy on 500 validation images within 20 evaluations, ${study.seeds.length} seeds. Uniform and magnitude are one policy each; "from both" starts with these two, all others from nothing.

| agent | best accuracy | against ${study.baseline}, seed by seed (95% interval; Holm's p) | multiply-adds |
|---|---|---|---|
${rows.join('\n')}

**Within 20 evaluations DRL does not win**: ${toldApart(variants)} told apart from ${study.baseline} after the correction for ${variants.length - 1} comparisons. Evolution has the best mean, and is ahead of every heuristic for every seed, but three
seeds are too few to show that this is more than chance. ddpg and ppo from nothing are as much a matter of luck as random search: their seeds end anywhere from 0.11 to 0.87 (ppo's third, the best of all
trials). From the heuristics ddpg ends where the magnitude heuristic is (two seeds) or 0.04 above it. The intervals cover other seeds on the same validation images. The four trials above 0.75 all need more multiply-adds (86 to 125 M) than the network that ddpg had
found in the runs before (69 M), and ppo's has but 1.76 M parameters. With 200 evaluations ppo found the network at the top of this page; what the others find with as many was not measured. Nothing is fine-tuned here; [ResNet-20](studies.md) has that comparison behind a fine-tune.

\`\`\`bash
npm run tersor -- study bench/paper/vgg19-agents.yaml
\`\`\`
`;
}

function differenceText({ mean, interval, adjusted }) {
  const signed = (value) => `${value >= 0 ? '+' : ''}${value.toFixed(3)}`;
  return (
    signed(mean) + (interval ? ` (${interval.map(signed).join(' to ')}; p = ${adjusted.toFixed(2)})` : '')
  );
}

/** The agents whose reward differs from the baseline's beyond chance, in words. */
function toldApart(variants) {
  const names = variants
    .filter(({ differences }) => differences?.pruneReward.adjusted < 0.05)
    .map(({ variant }) => variant);
  if (names.length === 0) return 'nothing is';
  return `only ${names.join(' and ')} ${names.length === 1 ? 'is' : 'are'}`;
}

/** Stage 2 on the pruned network at several sizes of the file. */
export function bytesCurve() {
  const { variants } = read('vgg19-bytes.json');
  const estimates = (budget, agent) =>
    variants.find(
      ({ labels }) => labels['quantize.budget.bytes'] === String(budget) && labels.agent === agent,
    ).estimates;
  const budgets = [...new Set(variants.map(({ labels }) => Number(labels['quantize.budget.bytes'])))].sort(
    (a, b) => b - a,
  );
  const rows = budgets.map((budget) => {
    const [searched, uniform] = [estimates(budget, 'ddpg from both'), estimates(budget, 'uniform')];
    return `| ${count(budget)} | ${percent(searched.testAccuracy.mean)} | ${count(searched.bytes.mean)} | ${percent(uniform.testAccuracy.mean)} | ${count(uniform.bytes.mean)} |`;
  });
  const trained = read('vgg19-cutout.json');
  return `
## Accuracy against bytes
Stage 2 on the network pruned with cutout (${percent(trained.pruned.accuracy.test)}), before any quantization-aware training, one seed: widths that ddpg finds within 30 evaluations, from uniform and magnitude, and
the widest same width for every layer that fits.

| at most, bytes | ddpg: test accuracy | bytes | one width: test accuracy | bytes |
|---|---|---|---|---|
${rows.join('\n')}

With ${trained.config.quantize.finetune.epochs} epochs of quantization-aware training ${count(trained.compressed.bytes)} bytes have ${percent(trained.compressed.accuracy.test)}, as the table above says. Two bits for every layer take 389,906 bytes, so less needs fewer channels, or single bits
(\`quantize.bits: [1, 8]\`).

\`\`\`bash
npm run tersor -- study bench/paper/vgg19-bytes.yaml
\`\`\`
`;
}

/** One million parameters. */
export function million() {
  const small = read('vgg19-million.json');
  const { agent, budget } = small.config.prune;
  const best = read('vgg19-million.search.json').prune.reduce((a, b) => (b.reward > a.reward ? b : a));
  const found = best.heuristic
    ? `${agent.use} found nothing better than the heuristic ${best.heuristic}, whose channels these are`
    : `These channels are ${agent.use}'s own`;
  return `
## One million parameters, and 88% of the multiply-adds gone
Both at once, stage 1 alone: at most ${count(budget.parameters)} parameters and ${percent(budget.macs)} of the multiply-adds. ${agent.episodes} evaluations of ${agent.use}, the first two uniform and magnitude; then ${epochs(small)} epochs of fine-tune.

${NETWORKS}
${row(`pruned by ${best.heuristic ?? agent.use}, ${epochs(small)} epochs of fine-tune`, small.pruned, floatBytes(small.pruned))}

${found}; ${percent(1 - small.pruned.macs / small.baseline.macs)} of the multiply-adds are gone. One run, one seed.

${searchTable({ prune: ['vgg19-million', small] })}

\`\`\`bash
npm run tersor -- compress bench/paper/vgg19-million.yaml --resume
node bench/paper/page.mjs --take out/paper/vgg19-million vgg19-million
\`\`\`
`;
}
