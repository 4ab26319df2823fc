import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readNetwork } from '@tersor/network';
import type { Policy } from '@tersor/compression';
import { tersor } from './tersor.js';
import { createTinyProject, type TinyProject } from './tiny-project.js';

describe('tersor export --to onnx', () => {
  let project: TinyProject;
  const at = (name: string) => join(project.folder, name);
  beforeAll(async () => {
    project = await createTinyProject();
    const values = [
      'prune.agent=uniform',
      'prune.search={ episodes: 1 }',
      'prune.finetune.epochs=0',
      'quantize.finetune.epochs=0',
      'quantize.activations={bits: 8, images: 40}',
    ];
    const sets = values.flatMap((value) => ['--set', value]);
    const { code, err } = await tersor('compress', project.config, '--out', at('run'), '--quiet', ...sets);
    expect([code, err]).toEqual([0, expect.any(String)]);
  });
  afterAll(() => rm(project.folder, { recursive: true, force: true }));

  it('writes the model of a run as it was searched: its codes, and its rounded activations', async () => {
    const { code, out } = await tersor(
      'export',
      at('run'),
      '--to',
      'onnx',
      '--out',
      at('run-onnx'),
      '--json',
    );
    expect(code).toBe(0);
    const { path, bytes } = JSON.parse(out) as { path: string; bytes: number };
    expect(bytes).toBe((await stat(path)).size);
    const { layers } = await readNetwork(path, { searchFrom: [__dirname] });
    const policy = JSON.parse(await readFile(at('run/policy.json'), 'utf8')) as Policy;
    const rounding = layers.filter(({ className }) => className === 'TersorActivationQuantizer');
    expect(rounding).toHaveLength(Object.keys(policy.activations!).length);
  });

  it('writes the packed file by itself with the same weights, and replaces what it wrote before', async () => {
    const packed = at('run/model.tersor');
    const kernels = async (path: string) =>
      (await readNetwork(path, { searchFrom: [__dirname] })).layers.flatMap(({ weights }) =>
        weights.filter((weight) => weight.name.endsWith('kernel')).map(({ data }) => [...data].sort()),
      );
    for (const weights of ['searched', 'float']) {
      const option = ['--to-option', `weights=${weights}`];
      const { code } = await tersor('export', packed, '--to', 'onnx', ...option, '--out', at('packed-onnx'));
      expect(code).toBe(0);
      expect(await kernels(at('packed-onnx/model.onnx'))).toEqual(await kernels(packed));
    }
  });
});
