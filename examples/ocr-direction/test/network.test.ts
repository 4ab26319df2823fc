import '@tensorflow/tfjs-backend-cpu';
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { cost } from '@tersor/network';
import { differences } from '../../../plugins/format-onnx/test/against-onnxruntime.js';
import { onnxOutputs } from '../../../plugins/format-onnx/test/onnx-outputs.js';
import { comparePruned, randomRemovals } from '../../../packages/network/test/equivalence.js';
import { createOnnxFormat } from '../../../plugins/format-onnx/src/index.js';
import { linesOf, toInput } from '../input.mjs';
import { describeWith, ORIGINAL, resultOf } from './installed.js';

const RESULT = resultOf('model.onnx');
const FIGURES = resultOf('result.json');
const format = createOnnxFormat({ inputShape: [3, 48, 192] });

beforeAll(() => tf.setBackend('cpu'));

interface Line {
  readonly label: number;
  readonly pixels: Uint8Array;
}

/** Test lines, drawn; they need the example's packages. */
async function testLines(count: number, clean: boolean): Promise<Line[]> {
  const { drawLines } = await import('../text-lines.mjs');
  return linesOf(await drawLines({ split: 'test', seed: 1, count, clean })) as Line[];
}

/** Whether an ONNX file has each line right, in onnxruntime. */
async function hits(path: string, lines: readonly Line[]): Promise<boolean[]> {
  const images = { shape: [lines.length, 3, 48, 192], data: toInput(lines) };
  const scores = Object.values(await onnxOutputs(path, { x: images }))[0]!.data;
  return lines.map(({ label }, i) => label === (scores[2 * i + 1]! > 0.5 ? 1 : 0));
}

const share = (flags: readonly boolean[]) => flags.filter(Boolean).length / flags.length;

describeWith([ORIGINAL], "PP-OCR's direction classifier", () => {
  it('computes what onnxruntime does', async () => {
    const graph = await format.read(ORIGINAL);
    expect(cost(graph)).toMatchObject({ macs: 16_315_376 });
    const found = await differences(ORIGINAL, graph, 2);
    expect(found).toHaveLength(1);
    expect(found[0]).toBeLessThan(1e-5);
  });

  it('pruned by a random plan equals itself with those channels masked', async () => {
    const graph = await format.read(ORIGINAL);
    const { difference, effect, removed } = await comparePruned(graph, randomRemovals(graph, 5), 5);
    expect(removed).toBeGreaterThan(100);
    expect(difference).toBeLessThan(1e-4);
    expect(effect).toBeGreaterThan(1e-3);
  });

  it('agrees with the labels of nearly all clean lines', async () => {
    expect(share(await hits(ORIGINAL, await testLines(100, true)))).toBeGreaterThanOrEqual(0.97);
  });
});

interface Figures {
  readonly networks: readonly { sha256: string; bytes: number; macs: number; parameters: number }[];
  readonly difference: { readonly mean: number };
}

describeWith([ORIGINAL, RESULT, FIGURES], 'the committed result', () => {
  const figures = () => JSON.parse(readFileSync(FIGURES, 'utf8')) as Figures;

  it('is made from the file that npm has, and is the file that was measured', () => {
    const hashes = [ORIGINAL, RESULT].map((path) =>
      createHash('sha256').update(readFileSync(path)).digest('hex'),
    );
    expect(figures().networks.map(({ sha256 }) => sha256)).toEqual(hashes);
  });

  it('has a quarter of the bytes and half of the multiply-adds, at two points of accuracy at most', async () => {
    const [original, compressed] = figures().networks;
    const { macs, parameters } = cost(await format.read(RESULT));
    const { size: bytes } = statSync(RESULT);
    expect(compressed).toMatchObject({ bytes, macs, parameters });
    expect(bytes).toBeLessThanOrEqual(original!.bytes / 4);
    expect(macs).toBeLessThanOrEqual(original!.macs / 2);
    expect(figures().difference.mean).toBeGreaterThanOrEqual(-0.02);
  });

  it('agrees with the original on nearly all lines, in onnxruntime', async () => {
    const lines = await testLines(200, false);
    const [original, compressed] = [await hits(ORIGINAL, lines), await hits(RESULT, lines)];
    expect(share(compressed)).toBeGreaterThan(0.9);
    expect(share(lines.map((_, i) => original[i] === compressed[i]))).toBeGreaterThan(0.92);
  });
});
