import { spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PROGRAM } from './program.js';
import { createTinyProject, type TinyProject } from './tiny-project.js';

const SETTINGS = [
  'backend={ use: wasm, workers: 1 }',
  'prune.agent=random',
  'prune.search.episodes=2',
  'prune.finetune.epochs=0',
  'quantize.agent=random',
  'quantize.search.episodes=20',
  'quantize.finetune.epochs=20',
  'quantize.bits=[2,4]',
].flatMap((value) => ['--set', value]);

let project: TinyProject;
beforeAll(async () => {
  project = await createTinyProject();
});
afterAll(() => rm(project.folder, { recursive: true, force: true }));

/**
 * A compression in a process of its own, which is killed at the first progress of a stage, if one is named.
 */
function compress(
  out: string,
  quantizer: string,
  killAt?: string,
): Promise<{ code: number | null; err: string }> {
  const child = spawn(
    process.execPath,
    [
      ...[...PROGRAM, 'compress', project.config, '--out', join(project.folder, out), '--resume'],
      ...[...SETTINGS, '--set', `quantize.quantizer=${quantizer}`],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], cwd: join(__dirname, '../../..') },
  );
  return new Promise((resolve, reject) => {
    let err = '';
    child.stderr.on('data', (text) => {
      err += String(text);
      const from = killAt === undefined ? -1 : err.indexOf(killAt);
      if (from >= 0 && /\n {2}\d+\/\d+ /.test(err.slice(from))) child.kill('SIGKILL');
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, err }));
  });
}

const packed = (out: string) => readFile(join(project.folder, out, 'model.tersor'));

it.each(['linear', 'kmeans'])(
  'calibrated codes of %s are the same after a kill in the search, in the calibration or in the fine-tune',
  async (use) => {
    const quantizer = `{ use: ${use}, calibrate: { images: 40, points: 4 } }`;
    const whole = await compress(`${use}-whole`, quantizer);
    expect([whole.code, whole.err]).toEqual([0, expect.stringContaining('by the inputs of the layers')]);
    const kills = ['bit width search', 'by the inputs of the layers', 'quantization-aware fine-tune'];
    for (const [i, stage] of kills.entries()) {
      const out = `${use}-${i}`;
      expect((await compress(out, quantizer, stage)).code).toBeNull();
      expect((await compress(out, quantizer)).code).toBe(0);
      expect((await packed(out)).equals(await packed(`${use}-whole`))).toBe(true);
    }
    const plain = await compress(`${use}-plain`, use);
    expect([plain.code, plain.err]).toEqual([0, expect.not.stringContaining('by the inputs of the layers')]);
    expect((await packed(`${use}-plain`)).equals(await packed(`${use}-whole`))).toBe(false);
  },
  240_000,
);
