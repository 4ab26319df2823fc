import '@tensorflow/tfjs-backend-cpu';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { runCase, TESTDATA, type CaseResult } from '../../test/testdata.js';

/** What bench/onnx/operators.ts wrote. */
const { results } = JSON.parse(
  readFileSync(join(__dirname, '../../../../bench/onnx/operators.json'), 'utf8'),
) as { results: CaseResult[] };

const cases = results.filter(({ outcome }) => outcome !== 'refused');

beforeAll(() => tf.setBackend('cpu'));

it('has a table in which no case of the standard is wrong', () => {
  expect(results).toHaveLength(1072);
  expect(cases.filter(({ outcome }) => outcome === 'wrong')).toEqual([]);
  expect(cases.length).toBeGreaterThan(300);
});

const isInstalled = existsSync(TESTDATA);
(isInstalled ? it : it.skip)(
  `gives the recorded outputs of every case that the table says passes${isInstalled ? '' : ' (skipped: libonnx-testdata is not installed)'}`,
  async () => {
    for (const { name, outcome } of cases)
      expect({ name, outcome: (await runCase(name)).outcome }).toEqual({ name, outcome });
  },
);
