/**
 * The networks of torchvision and of timm in full size, as both exporters of PyTorch write them: imported and
 * compared with onnxruntime, pruned by a random plan and compared with the masked network, written as ONNX
 * again and run by onnxruntime. Writes <kind>-<backend>.json here and the tables in
 * docs/plugins/onnx-networks.md.
 * Files that the JSON has already, byte for byte, are not run again.
 *
 *   pip install -r bench/reference/requirements-onnx.txt
 *   python bench/reference/export-onnx.py timm out/timm
 *   node --conditions=tersor/source --import tsx bench/onnx/real.ts timm out/timm [wasm] [begin of the names]
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { createNodeBackend } from '@tersor/backend-node';
import { createWasmBackend } from '@tersor/backend-wasm';
import { createRandom, messageOf, type LayerGraph } from '@tersor/core';
import { createOnnxFormat } from '@tersor/format-onnx';
import { cost } from '@tersor/network';
import { comparePruned, randomRemovals } from '../../packages/network/test/equivalence.js';
import { run } from '../../packages/network/test/masked-run.js';
import { onnxReference } from '../../plugins/format-onnx/src/reference.js';

interface Result {
  readonly file: string;
  readonly bytes: number;
  readonly layers?: number;
  readonly macs?: number;
  /** Largest difference to onnxruntime at each output, as a share of the largest value there. */
  readonly imported?: readonly number[];
  readonly groups?: number;
  readonly removedChannels?: number;
  /** Largest difference between pruned and masked. */
  readonly prunedAgainstMasked?: number;
  /** And to the network that nothing was taken from: what a comparison that sees nothing would miss. */
  readonly prunedAgainstWhole?: number;
  /** Between what the pruned network gives for two images. */
  readonly prunedImagesApart?: number;
  /** Bytes of the pruned network as ONNX, and its largest differences in onnxruntime. */
  readonly prunedBytes?: number;
  readonly exported?: readonly number[];
  readonly refused?: string;
  /** Of the file. */
  readonly digest?: string;
}

interface Report {
  readonly engine: string;
  readonly backend: string;
  readonly results: readonly Result[];
}

const PAGE = join(__dirname, '../../docs/plugins/onnx-networks.md');

const BACKENDS = {
  node: () => createNodeBackend({ precision: 'float32', directories: [process.cwd()] }),
  wasm: () => createWasmBackend({ workers: 1 }),
};

const format = createOnnxFormat();

async function main([kind, folder, backend = 'node', begin = '']: readonly string[]): Promise<void> {
  if ((kind !== 'real' && kind !== 'timm') || folder === undefined || !(backend in BACKENDS))
    throw new Error('Give real or timm, the folder of the files, and node or wasm.');
  await (await BACKENDS[backend as keyof typeof BACKENDS]()).activate();
  const path = join(__dirname, `${kind}-${backend}.json`);
  const before = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Report).results : [];
  const results: Result[] = [];
  for (const file of readdirSync(folder).sort()) {
    if (!file.endsWith('.onnx') || !file.startsWith(begin)) continue;
    const digest = createHash('sha256')
      .update(readFileSync(join(folder, file)))
      .digest('hex')
      .slice(0, 16);
    const known = before.find((each) => each.digest === digest && each.refused === undefined);
    const result = known ?? { ...(await examined(join(folder, file))), digest };
    results.push(result);
    if (!known) console.log(JSON.stringify(result));
    const rest = before.filter((each) => !results.some((own) => own.file === each.file));
    const all = [...results, ...rest].sort((a, b) => (a.file < b.file ? -1 : 1));
    const report: Report = { engine: 'onnxruntime-web', backend, results: all };
    writeFileSync(path, `${JSON.stringify(report, undefined, 1)}\n`);
    const page = readFileSync(PAGE, 'utf8');
    const mark = `${kind}-${backend}`;
    writeFileSync(
      PAGE,
      page.replace(
        new RegExp(`(<!-- ${mark}: .*? -->\\n)[^]*?(<!-- ${mark}: end -->)`),
        `$1\n${table(all)}\n$2`,
      ),
    );
  }
}

/** One row for each network, with the larger of the two exporters' differences. */
function table(results: readonly Result[]): string {
  const networks = [...new Set(results.map(({ file }) => file.slice(0, file.lastIndexOf('-'))))];
  const rows = networks.map((network) => {
    const own = results.filter(({ file }) => file.startsWith(`${network}-`));
    const largest = (of: (result: Result) => readonly number[] | undefined) => {
      const values = own.flatMap((result) => of(result) ?? []);
      return values.length > 0 ? Math.max(...values).toExponential(0) : '';
    };
    const counts = own.map(({ groups = 0 }) => groups);
    const refused = own.filter((each) => each.refused !== undefined);
    if (refused.length === own.length) return [network, `not read: ${cause(own[0]!.refused!)}`, '', '', ''];
    return [
      refused.length > 0 ? `${network} (${own.length - refused.length} of ${own.length} files)` : network,
      largest(({ imported }) => imported),
      String(Math.max(...counts)),
      largest(({ prunedAgainstMasked }) => (prunedAgainstMasked === undefined ? [] : [prunedAgainstMasked])),
      largest(({ exported }) => exported),
    ];
  });
  const head = ['network', 'imported', 'groups', 'pruned', 'written'];
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n') + '\n';
}

/** What stands first in an error that lists nodes, without their names. */
function cause(message: string): string {
  const line = message.split('\n').find((each) => each.startsWith('  ')) ?? message;
  return line
    .trim()
    .replace(/ "[^"]*"/g, '')
    .replaceAll('|', '/');
}

async function examined(path: string): Promise<Result> {
  const own = { file: basename(path), bytes: statSync(path).size };
  const place = mkdtempSync(join(tmpdir(), 'tersor-real-'));
  try {
    const graph = await format.read(path);
    const imported = await differences(path, graph);
    // With very few channels random weights give the same for all images: nothing would be seen.
    const removals = randomRemovals(graph, 5, 0.25);
    const { difference, effect, pruned, groups, removed } = await comparePruned(graph, removals, 5);
    const written = join(place, await format.write!(pruned, place));
    return {
      ...own,
      layers: graph.layers.length,
      macs: cost(graph).macs,
      imported,
      groups,
      removedChannels: removed,
      prunedAgainstMasked: rounded(difference),
      prunedAgainstWhole: rounded(effect!),
      prunedImagesApart: rounded(await imagesApart(pruned)),
      prunedBytes: statSync(written).size,
      exported: await differences(written, pruned),
    };
  } catch (error) {
    return { ...own, refused: messageOf(error).replace(path, basename(path)) };
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** How far the first outputs for two random images lie from one another. */
async function imagesApart(graph: LayerGraph): Promise<number> {
  const random = createRandom(3, 'images');
  const inputs = graph.inputs.map((input) => {
    const shape = [2, ...(graph.calls[input]!.outputShape as number[])];
    const count = shape.reduce((product, size) => product * size, 1);
    return tf.tensor(
      Float32Array.from({ length: count }, () => random.normal()),
      shape,
    );
  });
  const [values] = await run(graph, inputs);
  tf.dispose(inputs);
  const half = values!.length / 2;
  return values!
    .slice(0, half)
    .reduce((most, value, i) => Math.max(most, Math.abs(value - values![half + i]!)), 0);
}

/** What the network gives in TensorFlow.js, and the file in onnxruntime. */
async function differences(path: string, graph: LayerGraph): Promise<number[]> {
  const random = createRandom(7, 'images');
  const shapes = graph.inputs.map((input) => [1, ...(graph.calls[input]!.outputShape as number[])]);
  const inputs = shapes.map((shape) =>
    Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, () => random.normal()),
  );
  const reference = await onnxReference(path, graph);
  const expected = await reference.run(inputs);
  await reference.dispose();
  const tensors = inputs.map((data, i) => tf.tensor(data, shapes[i]!));
  const found = await run(graph, tensors);
  tf.dispose(tensors);
  return expected.map((values, i) => {
    const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return rounded(
      values.reduce((most, value, j) => Math.max(most, Math.abs(value - found[i]![j]!)), 0) / scale,
    );
  });
}

function rounded(value: number): number {
  return Number(value.toPrecision(2));
}

void main(process.argv.slice(2));
