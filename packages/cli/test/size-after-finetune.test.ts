import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Summary } from '@tersor/compression';
import { tersor } from './tersor.js';
import { createTinyProject, type TinyProject } from './tiny-project.js';

describe('the fine-tune of stage 2', () => {
  let project: TinyProject;
  beforeAll(async () => {
    project = await createTinyProject();
  });
  afterAll(() => rm(project.folder, { recursive: true, force: true }));

  const go = async (out: string, bytes: number, epochs: number) => {
    const values = [
      'prune.agent=uniform',
      'prune.search={ episodes: 1 }',
      'prune.finetune.epochs=0',
      'quantize.agent=uniform',
      'quantize.search={ episodes: 1 }',
      'quantize.finetune.learningRate=0.02',
      `quantize.budget.bytes=${bytes}`,
      `quantize.finetune.epochs=${epochs}`,
    ];
    const said = await tersor(
      'compress',
      project.config,
      '--out',
      join(project.folder, out),
      '--quiet',
      ...values.flatMap((value) => ['--set', value]),
    );
    return {
      ...said,
      summary: JSON.parse(await readFile(join(project.folder, out, 'summary.json'), 'utf8')) as Summary,
    };
  };

  it('is undone where it makes the file larger than the budget', async () => {
    const before = (await go('before', 0.5, 0)).summary.compressed.bytes;
    // The same widths fill this budget to the byte.
    const after = await go('after', before, 4);
    expect(after.summary.compressed.bytes).toBe(before);
    expect(after.err).toMatch(
      new RegExp(
        `The fine-tune made the file \\d+ bytes, over quantize\\.budget\\.bytes \\(${before}\\), so the network before it is kept`,
      ),
    );
  });
});
