import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runAndKill } from './killed-program.js';
import { shortCompression, shortSettings } from './short-compression.js';
import { tersor } from './tersor.js';
import { createTinyProject, type TinyProject } from './tiny-project.js';

const TITLE = 'refitting the winner';
const PRUNER = (sequential: string) => `prune.pruner={ use: channel, images: 10${sequential} }`;
const IN_ORDER = PRUNER(', sequential: { images: 80, ridge: 0.3 }');

let project: TinyProject;
beforeAll(async () => {
  project = await createTinyProject();
});
afterAll(() => rm(project.folder, { recursive: true, force: true }));

const argsOf = (out: string, pruner: string) => shortCompression(project, out, [pruner]);
const weights = (out: string) => readFile(join(project.folder, out, 'pruned/weights.bin'));

it('a winner that is refit in order is the same after a kill and when its policy is applied, and another than without', async () => {
  const whole = await tersor(...argsOf('whole', IN_ORDER));
  expect([whole.code, whole.err]).toEqual([0, expect.stringContaining(TITLE)]);
  expect((await runAndKill(argsOf('killed', IN_ORDER), { after: TITLE })).code).toBeNull();
  expect((await runAndKill(argsOf('killed', IN_ORDER))).code).toBe(0);
  expect((await weights('killed')).equals(await weights('whole'))).toBe(true);
  const policy = join(project.folder, 'whole/policy.json');
  const again = ['apply', policy, '--config', project.config, '--out', join(project.folder, 'again')];
  expect((await tersor(...again, ...shortSettings([IN_ORDER]))).code).toBe(0);
  expect((await weights('again')).equals(await weights('whole'))).toBe(true);
  const plain = await tersor(...argsOf('plain', PRUNER('')));
  expect([plain.code, plain.err]).toEqual([0, expect.not.stringContaining(TITLE)]);
  expect((await weights('plain')).equals(await weights('whole'))).toBe(false);
});

it('a refit in order that takes the outputs away from those of the original is undone, with a notice', async () => {
  // One position of one image: the means of the outputs become those of a single row.
  const harmed = await tersor(...argsOf('harmed', PRUNER(', sequential: { images: 1, points: 1 }')));
  expect([harmed.code, harmed.err]).toEqual([
    0,
    expect.stringMatching(/The refit of the winner did not bring the outputs closer .*is kept/),
  ]);
  await tersor(...argsOf('unharmed', PRUNER('')));
  expect((await weights('harmed')).equals(await weights('unharmed'))).toBe(true);
});
