import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createTinyProject } from './tiny-project.js';
import { run } from '../src/run.js';

test('a fine-tune that lowers the validation accuracy, or diverges, is undone, in both stages, and the user is told', async () => {
  const { folder, config } = await createTinyProject();
  const err = jest.spyOn(process.stderr, 'write').mockImplementation(() => true);
  const compress = (out: string, ...values: string[]) =>
    run([
      'node',
      'tersor',
      'compress',
      config,
      '--out',
      join(folder, out),
      '--quiet',
      ...values.flatMap((value) => ['--set', value]),
    ]);
  const summary = async (out: string) =>
    JSON.parse(await readFile(join(folder, out, 'summary.json'), 'utf8')) as {
      pruned: { accuracy: { validation: number } };
      compressed: { accuracy: { validation: number } };
    };
  try {
    const searches = [
      'prune.agent=uniform',
      'prune.search={ episodes: 1 }',
      'prune.budget.macs=1',
      'quantize.agent=uniform',
      'quantize.search={ episodes: 1 }',
    ];
    // A network that has learned something, so that there is something to lose.
    expect(
      await compress(
        'trained',
        ...searches,
        'prune.finetune={epochs: 30, learningRate: 0.02, batchSize: 16, statisticsMomentum: 0.5, augmentation: {flip: false, shift: 0}}',
        'quantize.finetune.epochs=0',
      ),
    ).toBe(0);
    const start = `model=${join(folder, 'trained/pruned/model.json')}`;
    // Nothing is pruned: what the fine-tunes are told to learn, the same answer for every class, can only do
    // harm.
    const harm = ['prune', 'quantize'].flatMap((stage) => [
      `${stage}.finetune.labelSmoothing=1`,
      `${stage}.finetune.distill=0`,
      `${stage}.finetune.learningRate=0.1`,
      `${stage}.finetune.epochs=6`,
    ]);
    expect(
      await compress('none', start, ...searches, 'prune.finetune.epochs=0', 'quantize.finetune.epochs=0'),
    ).toBe(0);
    expect(await compress('harmed', start, ...searches, ...harm)).toBe(0);
    const [none, harmed] = [await summary('none'), await summary('harmed')];
    expect(none.pruned.accuracy.validation).toBeGreaterThan(0.3);
    expect(harmed.pruned.accuracy).toEqual(none.pruned.accuracy);
    expect(harmed.compressed.accuracy).toEqual(none.compressed.accuracy);
    const files = (out: string) =>
      Promise.all(['model.tersor', 'pruned/weights.bin'].map((file) => readFile(join(folder, out, file))));
    expect(await files('harmed')).toEqual(await files('none'));
    const diverging = ['prune', 'quantize'].flatMap((stage) => [
      `${stage}.finetune.learningRate=1e30`,
      `${stage}.finetune.epochs=2`,
    ]);
    expect(await compress('diverged', start, ...searches, ...diverging)).toBe(0);
    expect(await files('diverged')).toEqual(await files('none'));
    const told = err.mock.calls.join('');
    for (const stage of ['prune', 'quantize'])
      expect(told).toMatch(
        new RegExp(
          `diverged \\(.*\\), so the network before it is kept. Lower ${stage}.finetune.learningRate`,
        ),
      );
    for (const stage of ['prune', 'quantize'])
      expect(told).toMatch(
        new RegExp(`lowered the validation accuracy from .* is kept. Lower ${stage}.finetune.learningRate`),
      );
  } finally {
    err.mockRestore();
    await rm(folder, { recursive: true, force: true });
  }
});
