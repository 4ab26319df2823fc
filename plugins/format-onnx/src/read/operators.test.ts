import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { runCase, testCases, type CaseResult } from '../../test/testdata.js';

/** What bench/onnx/operators.ts wrote. */
const { results } = JSON.parse(
  readFileSync(join(__dirname, '../../../../bench/onnx/operators.json'), 'utf8'),
) as { results: CaseResult[] };

const cases = results.filter(({ outcome }) => outcome !== 'refused');
let installed: string[];

beforeAll(async () => {
  await tf.setBackend('cpu');
  installed = await testCases();
});

it('has a table in which no case of the standard is wrong', () => {
  expect(results).toHaveLength(1072);
  expect(cases.filter(({ outcome }) => outcome === 'wrong')).toEqual([]);
  expect(cases.length).toBeGreaterThan(300);
});

it('gives the recorded outputs of every case that the table says passes', async () => {
  if (installed.length === 0) {
    console.log("skipped: Debian's package libonnx-testdata is not installed");
    return;
  }
  for (const { name, outcome } of cases)
    expect({ name, outcome: (await runCase(name)).outcome }).toEqual({ name, outcome });
});
