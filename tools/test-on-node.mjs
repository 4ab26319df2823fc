// node tools/test-on-node.mjs MAJOR [--report FILE]: runs the tests that differ by Node on that version, with
// the report of jest in FILE. Where npm cannot bring the version it says so, writes no report, and ends with
// 0.
import { spawnSync } from 'node:child_process';
import { environmentOf, MAJORS, nodeFolder, SUITES } from './node-versions.mjs';
import { root } from './packages.mjs';

const [given, option, report] = process.argv.slice(2);
const major = Number(given);
if (!MAJORS.includes(major) || (option !== undefined && (option !== '--report' || !report))) {
  console.error(`usage: node tools/test-on-node.mjs ${MAJORS.join('|')} [--report FILE]`);
  process.exit(2);
}
const folder = nodeFolder(major);
if (folder === undefined) {
  console.log(
    `ci: npm cannot bring Node ${major} here; the tests that differ by Node ran on ${process.version} alone`,
  );
} else {
  const env = { ...environmentOf(folder), TERSOR_TESTS: 'all' };
  const { stdout } = spawnSync('node', ['--version'], { env, encoding: 'utf8' });
  console.log(`Tests that differ by Node, on ${stdout.trim()}`);
  const output = report ? ['--json', `--outputFile=${report}`] : [];
  const jest = ['node_modules/jest/bin/jest.js', ...output, ...SUITES];
  process.exitCode = spawnSync('node', jest, { cwd: root, env, stdio: 'inherit' }).status ?? 1;
}
