import { execFile } from 'node:child_process';
import { cp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { tersor } from '../test/tersor.js';
import { createTinyProject, type TinyProject } from '../test/tiny-project.js';

describe('tersor', () => {
  let project: TinyProject;
  beforeAll(async () => {
    project = await createTinyProject();
  });
  afterAll(() => rm(project.folder, { recursive: true, force: true }));
  const compress = (out: string, ...more: string[]) =>
    tersor('compress', project.config, '--out', join(project.folder, out), ...more);
  const json = async (file: string) =>
    JSON.parse(await readFile(join(project.folder, file), 'utf8')) as Record<string, never>;

  it('compresses a model: smaller files, budgets kept, a summary that its own eval confirms', async () => {
    const { code, out, err } = await compress('first', '--json');
    expect({ code, err }).toMatchObject({ code: 0 });
    const summary = JSON.parse(out);
    expect(summary).toEqual(await json('first/summary.json'));
    expect(summary.compressed.macs).toBeLessThanOrEqual(0.6 * summary.baseline.macs);
    expect(summary.compressed.bytes).toBeLessThanOrEqual(0.5 * summary.baseline.bytes);
    // What is resident now may have grown since the summary was written; the peak of a process never shrinks.
    expect(summary.peakResidentBytes).toBeGreaterThan(process.memoryUsage.rss() / 2);
    expect(summary.peakResidentBytes).toBeLessThanOrEqual(process.resourceUsage().maxRSS * 1024);
    expect((await readFile(join(project.folder, 'first/model.tersor'))).length).toBe(
      summary.compressed.bytes,
    );
    expect((await readdir(join(project.folder, 'first'))).sort()).toEqual([
      'config-folder.json',
      'episodes.jsonl',
      'layers.json',
      'model',
      'model.tersor',
      'outcomes.json',
      'policy.json',
      'pruned',
      'report.html',
      'summary.json',
    ]);
    expect(
      (await readFile(join(project.folder, 'first/episodes.jsonl'), 'utf8')).trim().split('\n'),
    ).toHaveLength(12);
    for (const model of ['first/model/model.json', 'first/model.tersor']) {
      const result = await tersor(
        'eval',
        join(project.folder, model),
        '--dataset',
        'cifar10',
        '--option',
        `dir=${project.data}`,
        '--option',
        'validation=40',
        '--json',
      );
      expect(JSON.parse(result.out).accuracy).toBe(summary.compressed.accuracy.test);
    }
  });

  it('writes a model that stock tfjs loads without any code of ours, with the accuracy that the summary claims', async () => {
    const summary = (await json('first/summary.json')) as unknown as {
      compressed: { accuracy: { test: number } };
    };
    const script = join(__dirname, '../../../examples/stock-tfjs/accuracy.mjs');
    const { stdout } = await promisify(execFile)(process.execPath, [
      script,
      join(project.folder, 'first/model/model.json'),
      join(project.data, 'test_batch.bin'),
    ]);
    const measured = JSON.parse(stdout.slice(stdout.lastIndexOf('{'))) as {
      images: number;
      accuracy: number;
    };
    expect(measured.images).toBe(40);
    // Another backend rounds differently: one image of forty may change sides.
    expect(Math.abs(measured.accuracy - summary.compressed.accuracy.test)).toBeLessThan(1.5 / 40);
  });

  it('exports a packed file for stock tfjs, whole or with 8-bit kernels', async () => {
    const packed = join(project.folder, 'first/model.tersor');
    const bytes: Record<string, number> = {};
    for (const as of ['float32', 'uint8']) {
      const out = join(project.folder, `export-${as}`);
      const { code, ...said } = await tersor('export', packed, '--as', as, '--out', out, '--json');
      expect({ code, err: said.err }).toEqual({ code: 0, err: '' });
      bytes[as] = JSON.parse(said.out).bytes;
      const evaluated = await tersor(
        'eval',
        join(out, 'model.json'),
        '--dataset',
        'cifar10',
        '--option',
        `dir=${project.data}`,
        '--option',
        'validation=40',
        '--json',
      );
      const summary = (await json('first/summary.json')) as unknown as {
        compressed: { accuracy: { test: number } };
      };
      // Rounding to 8 bits may move one image of forty.
      expect(Math.abs(JSON.parse(evaluated.out).accuracy - summary.compressed.accuracy.test)).toBeLessThan(
        as === 'float32' ? 1e-9 : 1.5 / 40,
      );
    }
    expect(bytes['uint8']).toBeLessThan(bytes['float32']!);
  });

  it('gives the same policy and the same bytes for the same seed, on any number of threads', async () => {
    await compress('again', '--quiet', '--set', 'backend.workers=2');
    expect(await json('again/policy.json')).toEqual(await json('first/policy.json'));
    expect(await readFile(join(project.folder, 'again/model.tersor'))).toEqual(
      await readFile(join(project.folder, 'first/model.tersor')),
    );
  });

  it('gives another policy for another seed, and leaves no tensors behind', async () => {
    const few = ['--quiet', '--set', 'prune.search.episodes=3', '--set', 'quantize.search.episodes=3'];
    const before = tf.memory().numTensors;
    await compress('few', ...few);
    await compress('other', ...few, '--set', 'seed=4');
    expect(tf.memory().numTensors).toBe(before);
    expect(await json('other/policy.json')).not.toEqual(await json('few/policy.json'));
  });

  it('names a budget that is neither a share nor a count, and one that the original keeps, before any work', async () => {
    const at = ['compress', project.config, '--out', join(project.folder, 'budgets'), '--set'];
    expect(await tersor(...at, 'quantize.budget.bytes=20')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/quantize\.budget\.bytes: a number above 1 is an absolute count/),
    });
    // Of the two the second ends it.
    const { err, code } = await tersor(...at, 'prune.budget.macs=9e12', '--set', 'quantize.budget.bytes=101');
    expect(code).toBe(1);
    expect(err).toMatch(
      /note: prune\.budget\.macs is 9000000000000, and the original has \d+: it limits nothing/,
    );
    expect(err).toContain('[BUDGET_INFEASIBLE]');
    expect(err).not.toContain('measuring');
  });

  it('inspects a model: layers, cost, groups', async () => {
    const { out } = await tersor('inspect', project.model);
    expect(out).toMatch(/conv1 +│ Conv2D +│ 8x8x8 +│ +216 +│ +13,824 +│ conv1/);
    const packed = await tersor('inspect', join(project.folder, 'first/model.tersor'), '--json');
    const { layers, bytes } = JSON.parse(packed.out) as {
      layers: { name: string; bits?: number; bytes?: number }[];
      bytes: number;
    };
    const policy = (await json('first/policy.json')) as unknown as { quantize: Record<string, number> };
    const bits = layers.flatMap((layer) => (layer.bits === undefined ? [] : [[layer.name, layer.bits]]));
    expect(Object.fromEntries(bits)).toEqual(policy.quantize);
    const stored = layers.reduce((sum, layer) => sum + (layer.bytes ?? 0), 0);
    expect(bytes - stored).toBeGreaterThan(0); // The header.
    expect(stored / bytes).toBeGreaterThan(0.3);
    const groups = await tersor('inspect', project.model, '--groups');
    expect(groups.out).toMatch(/conv2: 8 channels/);
  });

  it('lists plugins', async () => {
    const plugins = JSON.parse((await tersor('plugins', '--json')).out) as { kind: string; id: string }[];
    expect(plugins).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ kind: 'agent', id: 'ddpg' }),
        expect.objectContaining({ kind: 'environment', id: 'pruning' }),
      ]),
    );
  });

  it('prints the JSON schema of its config', async () => {
    expect(JSON.parse((await tersor('schema', 'compress')).out)).toMatchObject({
      properties: { prune: expect.anything() },
    });
  });

  describe('on bad input says what is wrong, exits with 1 and writes nothing', () => {
    const cases: [string, () => Promise<{ code: number; err: string }>, RegExp][] = [
      [
        'an unknown agent',
        () => compress('bad', '--set', 'prune.agent.use=nope'),
        /There is no agent "nope"\. Available: .*ddpg.*\[PLUGIN_NOT_FOUND\]/,
      ],
      [
        'an unknown option of a plugin',
        () => compress('bad', '--set', 'prune.pruner.criterium=l1'),
        /"criterium" at the top level; did you mean "criterion"\?.*\[PLUGIN_OPTIONS_INVALID\]/,
      ],
      [
        'an unknown key',
        () => compress('bad', '--set', 'prune.budgt.macs=0.5'),
        /"budgt" at prune; did you mean "budget"\?.*\[CONFIG_INVALID\]/,
      ],
      [
        'a missing config',
        () => tersor('compress', join(project.folder, 'none.yaml')),
        /There is no config at .*none\.yaml.*\[CONFIG_NOT_FOUND\]/,
      ],
      [
        'a missing model',
        () => compress('bad', '--set', 'model=none.json'),
        /There is no model at .*\[MODEL_NOT_FOUND\]/,
      ],
      [
        'a budget that cannot be reached',
        () => compress('bad', '--set', 'prune.budget.macs=0.0001'),
        /still has \d+.*\[BUDGET_INFEASIBLE\]/,
      ],
      [
        'a size that cannot be reached',
        () => compress('bad', '--set', 'quantize.budget.bytes=101', '--set', 'prune.finetune.epochs=0'),
        /the file has \d+.*\[BUDGET_INFEASIBLE\]/,
      ],
      [
        'a data set that is missing',
        () => compress('bad', '--set', 'dataset.dir=nowhere'),
        /nowhere does not exist.*\[DATASET_INVALID\]/,
      ],
      ['an unknown command', () => tersor('compres'), /Did you mean compress\?/i],
    ];
    it.each(cases)('%s', async (_name, act, message) => {
      const { code, err } = await act();
      expect(err).toMatch(message);
      expect(err).not.toMatch(/\n {4}at /);
      expect(code).toBe(1);
      // Stage 1 may have left its checkpoint, to be resumed with another budget for stage 2; results are
      // never there.
      const left = await readdir(join(project.folder, 'bad')).catch(() => []);
      expect(left.filter((name) => name !== 'checkpoint')).toEqual([]);
    });

    it('truncated weights', async () => {
      await cp(join(project.folder, 'model'), join(project.folder, 'broken'), { recursive: true });
      await truncate(join(project.folder, 'broken/weights.bin'), 100);
      expect(await compress('bad', '--set', 'model=broken/model.json')).toMatchObject({
        code: 1,
        err: expect.stringMatching(/hold 100 bytes.*\[MODEL_INVALID\]/),
      });
    });

    it('a model file that is no LayersModel', async () => {
      await writeFile(join(project.folder, 'no-model.json'), '{"format":"graph-model"}');
      expect(await compress('bad', '--set', 'model=no-model.json')).toMatchObject({
        code: 1,
        err: expect.stringMatching(/GraphModel.*\[MODEL_INVALID\]/),
      });
    });

    it('a data set with labels outside its classes', async () => {
      await cp(project.data, join(project.folder, 'labels'), { recursive: true });
      const file = join(project.folder, 'labels/test_batch.bin');
      const bytes = await readFile(file);
      bytes[3073] = 77;
      await writeFile(file, bytes);
      expect(await compress('bad', '--set', 'dataset.dir=labels')).toMatchObject({
        code: 1,
        err: expect.stringMatching(/test record 1 has label 77.*\[DATASET_INVALID\]/),
      });
    });

    it('an empty data set', async () => {
      await cp(project.data, join(project.folder, 'empty'), { recursive: true });
      await truncate(join(project.folder, 'empty/test_batch.bin'), 0);
      expect(await compress('bad', '--set', 'dataset.dir=empty')).toMatchObject({
        code: 1,
        err: expect.stringMatching(/no CIFAR-10 records.*\[DATASET_INVALID\]/),
      });
    });

    it('a packed file that is damaged', async () => {
      const file = join(project.folder, 'damaged.tersor');
      const bytes = await readFile(join(project.folder, 'first/model.tersor'));
      bytes[bytes.length - 9] = bytes[bytes.length - 9]! ^ 0xff;
      await writeFile(file, bytes);
      expect(await tersor('inspect', file)).toMatchObject({
        code: 1,
        err: expect.stringContaining('[ARTIFACT_CORRUPT]'),
      });
    });
  });
});
