import type { LayerFacts, WeightAxis } from '../src/layers/layer-facts.js';

const BEGIN = '<!-- layers: made by `npm run docs:layers` -->';
const END = '<!-- layers: end -->';

/** The page with the table of layers in its place, printed from their facts. */
export function withLayersTable(page: string, layers: readonly LayerFacts[]): string {
  const [before, after] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (before < 0 || after < before) throw new Error(`the page has no place for the layers (${BEGIN})`);
  const rows = layers.map((facts) => `| ${cells(facts).join(' | ')} |`);
  return `${page.slice(0, before)}${BEGIN}\n${HEAD}\n${rows.join('\n')}\n${page.slice(after)}`;
}

const HEAD = [
  '| class | its channels | weights by channel: axes | multiply-adds per | in plans | timed | refit | noise |',
  '|---|---|---|---|---|---|---|---|',
].join('\n');

function cells(facts: LayerFacts): string[] {
  const { className, channels, weights, positions, operations, rides, refit, noise, problem } = facts;
  return [
    `\`${className}\``,
    channels?.how ?? 'stay',
    weights ? weightsText(weights) : '',
    positions ? `${positions} position` : '',
    operations ? 'fused' : problem && !channels ? 'refused' : 'stock layer',
    rides ? (rides === 'always' ? 'with the layer before' : 'with a layer of one input before') : 'alone',
    refit ? `\`${refit}\`` : '',
    noise ? 'yes' : '',
  ];
}

/** For instance `kernel` 2 in, 3 out; `bias` 0. */
function weightsText(weights: readonly WeightAxis[]): string {
  const said = new Map<string, string[]>();
  for (const { weight, axis, role } of weights) {
    const way = { consumes: ' in', produces: ' out', carries: '' }[role];
    said.set(weight, [...(said.get(weight) ?? []), `${axis < 0 ? 'last' : axis}${way}`]);
  }
  return [...said].map(([weight, axes]) => `\`${weight}\` ${axes.join(', ')}`).join('; ');
}
