import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import { golden } from './golden.js';

const root = join(__dirname, '../../..');

/** What a script says that has the bundle without tfjs as `runtime` and the golden file as `bytes`. */
function inModule(folder: string, script: string): unknown {
  const file = join(folder, 'use.mjs');
  writeFileSync(
    file,
    `import { readFileSync } from 'node:fs';
    import * as runtime from './runtime.min.js';
    const bytes = readFileSync(${JSON.stringify(join(__dirname, 'golden-v1.tersor'))});
    console.log(JSON.stringify(await (${script})()));`,
  );
  return JSON.parse(execFileSync(process.execPath, [file], { encoding: 'utf8' }));
}

describe('the single file without tfjs, as an ES module', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tersor-bundles-'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    execFileSync(process.execPath, [join(root, 'tools/runtime-bundles.mjs'), folder]);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('decodes a packed file where there is no tfjs', () => {
    const decoded = inModule(
      folder,
      '() => runtime.decodeArtifact(bytes).then(({ weights }) => weights.map(({ name, shape, data }) => ({ name, shape, values: [...data] })))',
    ) as { name: string; shape: number[]; values: number[] }[];
    const { values } = golden();
    expect(decoded.length).toBeGreaterThan(0);
    for (const { name, shape, values: found } of decoded)
      expect([name, shape, found]).toEqual([name, values[name]!.shape, values[name]!.values]);
  });

  it('says what is missing where a model is asked for and there is no tfjs', () => {
    expect(inModule(folder, '() => runtime.loadModel(bytes).catch(({ message }) => message)')).toMatch(
      /no global `tf`: load TensorFlow\.js by a <script> first/,
    );
  });

  it('takes the tfjs of the global `tf`', () => {
    const tfjs = JSON.stringify(require.resolve('@tensorflow/tfjs-core'));
    const layers = JSON.stringify(require.resolve('@tensorflow/tfjs-layers'));
    const cpu = JSON.stringify(require.resolve('@tensorflow/tfjs-backend-cpu'));
    const shape = inModule(
      folder,
      `async () => {
        const require = (await import('node:module')).createRequire(import.meta.url);
        require(${cpu});
        globalThis.tf = { ...require(${tfjs}), ...require(${layers}) };
        const model = await runtime.loadModel(bytes);
        return model.predict(tf.ones([2, 8, 8, 3])).shape;
      }`,
    );
    expect(shape).toEqual([2, 10]);
  });

  it('is below 21.7 kB gzipped, and imports nothing', () => {
    const code = readFileSync(join(folder, 'runtime.min.js'), 'utf8');
    expect(gzipSync(code, { level: 9 }).length).toBeLessThan(21_700);
    // The worker's script imports the file itself.
    expect(code.replace(/`import \$\{[^`]+`/, '')).not.toMatch(/\bimport\s*["'{*(]|\bfrom\s*["']/);
  });
});
