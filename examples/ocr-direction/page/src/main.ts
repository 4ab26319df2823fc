import { drawText, fetchLines, toCanvas, type Line } from './lines.js';
import { loadNetwork, type Network } from './network.js';

/** Lines that are shown. */
const SHOWN = 30;

interface Measured {
  readonly network: Network;
  readonly secondsPerLine: number;
  /** Of each test line, 1 where the network takes it to be upside down. */
  readonly classes: readonly number[];
}

const find = <E extends HTMLElement>(selector: string) => document.querySelector<E>(selector)!;
const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
const share = (flags: readonly boolean[]) => flags.filter(Boolean).length / flags.length;

async function measure(url: string, lines: readonly Line[]): Promise<Measured> {
  const network = await loadNetwork(url);
  // The first run sets kernels up.
  await network.turned(lines.slice(0, 1));
  const start = performance.now();
  const scores = await network.turned(lines);
  const secondsPerLine = (performance.now() - start) / 1000 / lines.length;
  return { network, secondsPerLine, classes: scores.map((score) => (score > 0.5 ? 1 : 0)) };
}

function showFigures(lines: readonly Line[], both: readonly Measured[]): void {
  const rows: [string, (measured: Measured) => string][] = [
    ['size', ({ network }) => `${(network.bytes / 1000).toFixed(1)} kB`],
    ['load time', ({ network }) => `${(1000 * network.loadSeconds).toFixed(0)} ms`],
    ['inference per line', ({ secondsPerLine }) => `${(1000 * secondsPerLine).toFixed(2)} ms`],
    ['accuracy on these lines', (measured) => percent(accuracy(lines, measured))],
  ];
  for (const [name, text] of rows) {
    const row = document.createElement('tr');
    row.append(Object.assign(document.createElement('th'), { scope: 'row', textContent: name }));
    for (const measured of both)
      row.append(Object.assign(document.createElement('td'), { textContent: text(measured) }));
    find('#figures tbody').append(row);
  }
  find('#figures').hidden = false;
}

function accuracy(lines: readonly Line[], { classes }: Measured): number {
  return share(lines.map(({ label }, i) => label === classes[i]));
}

/** A line with what the original / the compressed network say of it. */
function figure(line: Line, original: number, compressed: number): HTMLElement {
  const word = (turned: number) => (turned > 0.5 ? 'upside down' : 'upright');
  const element = document.createElement('figure');
  element.className = word(original) === word(compressed) ? '' : 'differs';
  const caption = Object.assign(document.createElement('figcaption'), {
    textContent: `${word(original)} / ${word(compressed)}`,
  });
  element.append(toCanvas(line), caption);
  return element;
}

/** The visitor's text, both ways up, classified anew as it changes. */
async function showOwn(both: readonly Measured[]): Promise<void> {
  const { value } = find<HTMLInputElement>('#text');
  const lines = [0, 1].map((label) => drawText(value, label));
  const [original, compressed] = await Promise.all(both.map(({ network }) => network.turned(lines)));
  // A later text may have been faster.
  if (value !== find<HTMLInputElement>('#text').value) return;
  find('#own').replaceChildren(...lines.map((line, i) => figure(line, original![i]!, compressed![i]!)));
  find('#own').dataset['classes'] = [original, compressed]
    .map((scores) => scores!.map(Math.round).join(''))
    .join();
}

async function main(): Promise<void> {
  const lines = await fetchLines('lines.bin');
  const original = await measure('original.onnx', lines);
  const compressed = await measure('compressed.onnx', lines);
  const both = [original, compressed];
  showFigures(lines, both);
  const agreement = share(lines.map((_, i) => original.classes[i] === compressed.classes[i]));
  find('#agreement').textContent =
    `They agree on ${percent(agreement)} of ${lines.length} test lines; the compressed file is ${(original.network.bytes / compressed.network.bytes).toFixed(1)} times smaller.`;
  find('#lines').append(
    ...lines.slice(0, SHOWN).map((line, i) => figure(line, original.classes[i]!, compressed.classes[i]!)),
  );
  find('#text').addEventListener('input', () => void showOwn(both));
  await showOwn(both);
  const status = find('#status');
  status.textContent = 'Under each line: what the original / the compressed network take it for.';
  Object.assign(status.dataset, {
    state: 'done',
    agreement,
    own: find('#own').dataset['classes'],
    originalBytes: original.network.bytes,
    compressedBytes: compressed.network.bytes,
    originalAccuracy: accuracy(lines, original),
    compressedAccuracy: accuracy(lines, compressed),
  });
}

main().catch((error: unknown) => {
  Object.assign(find('#status'), { textContent: String(error) }).dataset['state'] = 'failed';
});
