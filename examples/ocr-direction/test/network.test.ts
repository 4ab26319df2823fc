import '@tensorflow/tfjs-backend-cpu';
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { cost } from '@tersor/network';
import { differences } from '../../../plugins/format-onnx/test/against-onnxruntime.js';
import { onnxOutputs } from '../../../plugins/format-onnx/test/onnx-outputs.js';
import { comparePruned, randomRemovals } from '../../../packages/network/test/equivalence.js';
import { createOnnxFormat } from '../../../plugins/format-onnx/src/index.js';
import { describeWith, ORIGINAL, resultOf } from './installed.js';

const RESULT = resultOf('model.onnx');
const summary = resultOf('result.json');
const format = createOnnxFormat({ inputShape: [3, 48, 192] });

beforeAll(() => tf.setBackend('cpu'));

/** Share of lines whose direction an ONNX file gives, in onnxruntime. */
async function accuracyOf(path: string, options: { split: string; count: number; clean: boolean }) {
  const { drawLines } = (await import('../text-lines.mjs')) as {
    drawLines(options: object): Promise<Uint8Array>;
  };
  const lines = await drawLines({ ...options, seed: 1 });
  const area = 48 * 192;
  const { count } = options;
  const data = new Float32Array(count * 3 * area);
  const label = (n: number) => lines[n * (1 + 3 * area)]!;
  for (let n = 0; n < count; n++) {
    for (let c = 0; c < 3; c++) {
      for (let i = 0; i < area; i++)
        data[(3 * n + c) * area + i] = lines[n * (1 + 3 * area) + 1 + 3 * i + 2 - c]! / 127.5 - 1;
    }
  }
  const outputs = await onnxOutputs(path, { x: { shape: [count, 3, 48, 192], data } });
  const scores = Object.values(outputs)[0]!.data;
  const right = Array.from({ length: count }, (_, n) => label(n) === (scores[2 * n + 1]! > 0.5 ? 1 : 0));
  return right.filter(Boolean).length / count;
}

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
    expect(await accuracyOf(ORIGINAL, { split: 'test', count: 100, clean: true })).toBeGreaterThanOrEqual(
      0.97,
    );
  });
});
