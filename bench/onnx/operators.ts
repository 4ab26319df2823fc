/**
 * Which cases of the ONNX standard's own tests are read, and give the recorded outputs: operators.json here,
 * and the table in docs/plugins/onnx-operators.md. Needs Debian's package libonnx-testdata.
 *
 *   node --conditions=tersor/source --import tsx bench/onnx/operators.ts
 */
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { knownOperators } from '../../plugins/format-onnx/src/read/read-nodes.js';
import { causeOf, runCase, testCases, type CaseResult } from '../../plugins/format-onnx/test/testdata.js';

const PAGE = join(__dirname, '../../docs/plugins/onnx-operators.md');

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
    passedAsConstants: count('folded'),
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

/** Cases of one operator alone: how many of them pass, and why the others are refused. */
function table(results: readonly CaseResult[]): string {
  const rows = knownOperators().flatMap((operator) => {
    const own = results.filter(({ operators }) => operators.length === 1 && operators[0] === operator);
    if (own.length === 0) return [];
    const counts = new Map<string, number>();
    for (const each of own)
      if (each.outcome === 'refused') counts.set(causeOf(each), (counts.get(causeOf(each)) ?? 0) + 1);
    const refused = own.filter(({ outcome }) => outcome === 'refused').length;
    const passed = own.length - refused;
    const causes = [...counts].sort(([, a], [, b]) => b - a).map(([cause, count]) => `${count} ${cause}`);
    return [[operator, String(passed), String(refused), causes.join('; ')]];
  });
  const head = ['operator', 'passed', 'refused', 'why'];
  return `\n${[head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')}\n\n`;
}

void main();
