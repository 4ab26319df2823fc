import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runAndKill } from './killed-program.js';
import { shortCompression } from './short-compression.js';
import { tersor } from './tersor.js';
import { createTinyProject, type TinyProject } from './tiny-project.js';

const REFINE = 'prune.refine={ steps: 60, images: 50, batchSize: 16, learningRate: 0.005 }';

let project: TinyProject;
beforeAll(async () => {
  project = await createTinyProject();
});
afterAll(() => rm(project.folder, { recursive: true, force: true }));

/** Compresses in this process, from the beginning. */
const compress = (out: string, settings: readonly string[]) =>
  tersor(...shortCompression(project, out, settings));
/** Compresses in one of its own, which is killed at the first progress of a stage, if one is named. */
const apart = (out: string, settings: readonly string[], killAt?: string) =>
  runAndKill(shortCompression(project, out, settings), killAt === undefined ? undefined : { after: killAt });

const weights = (out: string) => readFile(join(project.folder, out, 'pruned/weights.bin'));

it('a refined network is the same after a kill in the refinement, and another than without', async () => {
  const title = "fitting the outputs to the original's";
  const whole = await compress('whole', [REFINE]);
  expect([whole.code, whole.err]).toEqual([0, expect.stringContaining(title)]);
  expect(whole.err).toMatch(/60\/60 loss \d/);
  expect((await apart('killed', [REFINE], title)).code).toBeNull();
  expect((await apart('killed', [REFINE])).code).toBe(0);
  expect((await weights('killed')).equals(await weights('whole'))).toBe(true);
  const plain = await compress('plain', []);
  expect([plain.code, plain.err]).toEqual([0, expect.not.stringContaining(title)]);
  expect((await weights('plain')).equals(await weights('whole'))).toBe(false);
  const harmed = await compress('harmed', [REFINE, 'prune.refine.learningRate=30']);
  expect([harmed.code, harmed.err]).toEqual([
    0,
    expect.stringMatching(/The refinement .*so the network before it is kept.*prune\.refine\.learningRate/),
  ]);
  expect((await weights('harmed')).equals(await weights('plain'))).toBe(true);
});

it('a refined network of codes is the same after a kill in the refinement, and another than without', async () => {
  const title = "stage 2: fitting the outputs to the original's";
  const codes = [
    'quantize.quantizer={ use: linear, calibrate: { images: 40, points: 4 } }',
    'quantize.bits=[3,3]',
  ];
  const refine = [...codes, REFINE.replace('prune', 'quantize')];
  const packed = (out: string) => readFile(join(project.folder, out, 'model.tersor'));
  const whole = await compress('whole-codes', refine);
  expect([whole.code, whole.err]).toEqual([0, expect.stringContaining(title)]);
  expect((await apart('killed-codes', refine, title)).code).toBeNull();
  expect((await apart('killed-codes', refine)).code).toBe(0);
  expect((await packed('killed-codes')).equals(await packed('whole-codes'))).toBe(true);
  expect((await compress('plain-codes', codes)).code).toBe(0);
  expect((await packed('plain-codes')).equals(await packed('whole-codes'))).toBe(false);
});

it('a value that cannot be is refused before anything runs', async () => {
  const { code, err } = await compress('refused', [REFINE, 'prune.refine.steps=0']);
  expect([code, err]).toEqual([1, expect.stringContaining('prune.refine.steps')]);
  expect(err).not.toContain('measuring the original');
});
