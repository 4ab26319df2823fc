import { mkdtemp, rm } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PROGRAM } from './program.js';

const root = join(__dirname, '../../..');
const run = (...args: string[]) =>
  promisify(execFile)(process.execPath, [...PROGRAM, ...args], { cwd: root });

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'tersor-check-'))));
afterAll(() => rm(folder, { recursive: true }));

describe('tersor export --check', () => {
  it('compares an ONNX file with onnxruntime, at all outputs', async () => {
    const model = join(root, 'plugins/format-onnx/test/models/resnet.onnx');
    const { stdout } = await run('export', model, '--check', '--json', '--out', join(folder, 'net'));
    const { checked } = JSON.parse(stdout) as { checked: { engine: string; difference: number } };
    expect(checked.engine).toMatch(/^onnxruntime-(node|web)$/);
    expect(checked.difference).toBeGreaterThan(0);
    expect(checked.difference).toBeLessThan(1e-4);
  });

  it('says that a LayersModel has no other runtime, and writes nothing', async () => {
    const model = join(root, 'examples/vgg-small/model/model.json');
    await expect(run('export', model, '--check', '--out', join(folder, 'other'))).rejects.toMatchObject({
      stderr: expect.stringContaining('the format layers-model has no separate runtime'),
    });
  });
});
