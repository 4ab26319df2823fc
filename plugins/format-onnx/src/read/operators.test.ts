import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { causeOf, runCase, TESTDATA, type CaseResult } from '../../test/testdata.js';
import { knownOperators } from './read-nodes.js';

/** What bench/onnx/operators.ts wrote. */
const { results } = JSON.parse(
  readFileSync(join(__dirname, '../../../../bench/onnx/operators.json'), 'utf8'),
) as { results: CaseResult[] };

const cases = results.filter(({ outcome }) => outcome !== 'refused');

it('has a table in which no case of the standard is wrong', () => {
  expect(results).toHaveLength(1072);
  expect(cases.filter(({ outcome }) => outcome === 'wrong')).toEqual([]);
  expect(cases.length).toBeGreaterThan(550);
});

/** What the page says of all operators, and the forms of some that it names. */
const CAUSES = [
  'over the batch',
  'values that are no floats',
  'volumes',
  'axes of length 0',
  'constants alone',
  'further outputs',
  'a result of the network beside another',
  'adds a constant [3, 4] that is not one row',
  'drops values at inference (training_mode)',
  'has coordinate_transformation_mode = tf_crop_and_resize',
  'has training_mode = 1',
  'multiplies with a constant of 3 axes',
  'multiplies with a constant of 4 axes',
  'picks values in any order',
];

it('refuses a case whose operators are all listed for a reason that its page names, and no other', () => {
  const listed = new Set(knownOperators());
  const refused = results.filter(
    (each) => each.outcome === 'refused' && each.operators.every((operator) => listed.has(operator)),
  );
  expect(refused.length).toBeGreaterThan(50);
  const others = refused.filter((each) => !CAUSES.includes(causeOf(each)));
  expect(others.map((each) => [each.name, causeOf(each)])).toEqual([]);
});

const isInstalled = existsSync(TESTDATA);
(isInstalled ? it : it.skip)(
  `gives the recorded outputs of every case that the table says passes${isInstalled ? '' : ' (skipped: libonnx-testdata is not installed)'}`,
  async () => {
    for (const { name, outcome } of cases)
      expect({ name, outcome: (await runCase(name)).outcome }).toEqual({ name, outcome });
  },
);
