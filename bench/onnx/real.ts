/**
 * The networks of torchvision in full size, as both exporters of PyTorch write them: imported and compared
 * with onnxruntime, pruned by a random plan and compared with the masked network, written as ONNX again and
 * run by onnxruntime. Writes real.json here and the table in docs/guide/pytorch.md.
 *
 *   pip install -r bench/reference/requirements-onnx.txt
 *   python bench/reference/export-onnx.py real out/onnx
 *   node --conditions=tersor/source --import tsx bench/onnx/real.ts out/onnx
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { createNodeBackend } from '@tersor/backend-node';
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
  /** Bytes of the pruned network as ONNX, and its largest differences in onnxruntime. */
  readonly prunedBytes?: number;
  readonly exported?: readonly number[];
  readonly refused?: string;
}

const PAGE = join(__dirname, '../../docs/guide/pytorch.md');

const format = createOnnxFormat();

async function main(folder: string): Promise<void> {
  await createNodeBackend({ precision: 'float32', directories: [process.cwd()] }).activate();
  const results: Result[] = [];
  for (const file of readdirSync(folder).sort()) {
    if (!file.endsWith('.onnx')) continue;
    const result = await examined(join(folder, file));
    results.push(result);
    console.log(JSON.stringify(result));
  }
  writeFileSync(
    join(__dirname, 'real.json'),
    `${JSON.stringify({ engine: 'onnxruntime-web', results }, undefined, 1)}\n`,
  );
  const page = readFileSync(PAGE, 'utf8');
  writeFileSync(
    PAGE,
    page.replace(/(<!-- real: .*? -->\n)[^]*?(<!-- real: end -->)/, `$1${table(results)}$2`),
  );
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
    return [
      network,
      largest(({ imported }) => imported),
      String(Math.max(...counts)),
      largest(({ prunedAgainstMasked }) => (prunedAgainstMasked === undefined ? [] : [prunedAgainstMasked])),
      largest(({ exported }) => exported),
    ];
  });
  const head = ['network', 'imported', 'groups', 'pruned', 'written'];
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n') + '\n';
}

async function examined(path: string): Promise<Result> {
  const own = { file: basename(path), bytes: statSync(path).size };
  const place = mkdtempSync(join(tmpdir(), 'tersor-real-'));
  try {
    const graph = await format.read(path);
    const imported = await differences(path, graph);
    const removals = randomRemovals(graph, 5);
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
      prunedBytes: statSync(written).size,
      exported: await differences(written, pruned),
    };
  } catch (error) {
    return { ...own, refused: messageOf(error).replace(path, basename(path)) };
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
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

void main(process.argv[2] ?? 'out/onnx');
