/**
 * Which cases of the ONNX standard's own tests are read, and give the recorded outputs: operators.json here,
 * and the table in docs/plugins/format-onnx.md. Needs Debian's package libonnx-testdata.
 *
 *   node --conditions=tersor/source --import tsx bench/onnx/operators.ts
 */
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { knownOperators } from '../../plugins/format-onnx/src/read/lower.js';
import { runCase, testCases, type CaseResult } from '../../plugins/format-onnx/test/testdata.js';

const PAGE = join(__dirname, '../../docs/plugins/format-onnx.md');

async function main(): Promise<void> {
  await tf.setBackend('cpu');
  const results: CaseResult[] = [];
  for (const name of await testCases()) results.push(await runCase(name));
  if (results.length === 0)
    throw new Error('libonnx-testdata is not installed: apt-get install libonnx-testdata');
  const count = (outcome: CaseResult['outcome']) => results.filter((each) => each.outcome === outcome).length;
  const summary = {
    cases: results.length,
    passed: count('passed'),
    passedWithConstants: count('constants'),
    refused: count('refused'),
    wrong: count('wrong'),
  };
  writeFileSync(join(__dirname, 'operators.json'), `${JSON.stringify({ summary, results }, undefined, 1)}\n`);
  console.log(summary);
  for (const { name, outcome, reason } of results)
    if (outcome === 'wrong' || process.argv.includes('--all')) console.log(outcome, name, reason ?? '');
  const page = readFileSync(PAGE, 'utf8');
  writeFileSync(
    PAGE,
    page.replace(/(<!-- operators: .*? -->\n)[^]*?(<!-- operators: end -->)/, `$1${table(results)}$2`),
  );
}

/** Cases of one operator alone: how many of them pass, by operator. */
function table(results: readonly CaseResult[]): string {
  const counts = knownOperators().flatMap((operator) => {
    const own = results.filter(({ operators }) => operators.length === 1 && operators[0] === operator);
    const passed = own.filter(({ outcome }) => outcome === 'passed' || outcome === 'constants').length;
    return own.length > 0 ? [`${operator} ${passed}/${own.length}`] : [];
  });
  const rows = Array.from({ length: Math.ceil(counts.length / 6) }, (_, row) =>
    counts.slice(6 * row, 6 * row + 6),
  );
  const head = ['operator: passed / all', '', '', '', '', ''];
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n') + '\n';
}

void main();
