import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runAndKill } from './killed-program.js';
import { tersor } from './tersor.js';
import { createTinyProject, type TinyProject } from './tiny-project.js';

const SETTINGS = [
  'backend={ use: wasm, workers: 1 }',
  'prune.agent=random',
  'prune.search.episodes=2',
  'prune.finetune.epochs=0',
  'quantize.agent=random',
  'quantize.search.episodes=6',
  'quantize.finetune.epochs=6',
  'quantize.bits=[2,4]',
].flatMap((value) => ['--set', value]);

let project: TinyProject;
beforeAll(async () => {
  project = await createTinyProject();
});
afterAll(() => rm(project.folder, { recursive: true, force: true }));

const argsOf = (out: string, quantizer: string) => [
  ...['compress', project.config, '--out', join(project.folder, out), '--resume'],
  ...[...SETTINGS, '--set', `quantize.quantizer=${quantizer}`],
];
/** Compresses in this process, from the beginning. */
const compress = (out: string, quantizer: string) => tersor(...argsOf(out, quantizer));
/** Compresses in one of its own, which is killed at the first progress of a stage, if one is named. */
const apart = (out: string, quantizer: string, killAt?: string) =>
  runAndKill(argsOf(out, quantizer), killAt === undefined ? undefined : { after: killAt });

const packed = (out: string) => readFile(join(project.folder, out, 'model.tersor'));

it.each(['linear', 'kmeans'])(
  'calibrated codes of %s are the same after kills in the search, in the calibration and in the fine-tune',
  async (use) => {
    const quantizer = `{ use: ${use}, calibrate: { images: 40, points: 4 } }`;
    const whole = await compress(`${use}-whole`, quantizer);
    expect([whole.code, whole.err]).toEqual([0, expect.stringContaining("by the layers' inputs")]);
    const kills = ['bit width search', "by the layers' inputs", 'quantization-aware fine-tune'];
    for (const stage of kills) expect((await apart(`${use}-killed`, quantizer, stage)).code).toBeNull();
    expect((await apart(`${use}-killed`, quantizer)).code).toBe(0);
    expect((await packed(`${use}-killed`)).equals(await packed(`${use}-whole`))).toBe(true);
    const plain = await compress(`${use}-plain`, use);
    expect([plain.code, plain.err]).toEqual([0, expect.not.stringContaining("by the layers' inputs")]);
    expect((await packed(`${use}-plain`)).equals(await packed(`${use}-whole`))).toBe(false);
  },
);
