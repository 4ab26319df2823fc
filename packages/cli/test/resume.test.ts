import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compress, trainModel, type Summary } from '@tersor/compression';
import { readNetwork, writeModel } from '@tersor/network';
import { compressConfigSchema, readConfig, trainConfigSchema } from '@tersor/core';
import { createTinyProject, type TinyProject } from './tiny-project.js';

/** Quick, with something to lose in both stages. */
const SETTINGS = [
  'backend={ use: wasm, workers: 1 }',
  'prune.agent=random',
  'prune.search={ episodes: 4 }',
  'prune.finetune.epochs=0',
  'quantize.agent=random',
  'quantize.search={ episodes: 4 }',
  'quantize.finetune.epochs=0',
];

let project: TinyProject;
const at = (path: string) => join(project.folder, path);
beforeAll(async () => {
  project = await createTinyProject();
});
afterAll(() => rm(project.folder, { recursive: true, force: true }));

interface Run {
  readonly set?: readonly string[];
  readonly resume?: boolean;
  /** Stops after so many episodes of both stages. */
  readonly episodes?: number;
}

/** One run of a compression into `out`; gives the summary or the error, and the notices. */
async function run(
  out: string,
  { set = [], resume = false, episodes = Infinity }: Run,
): Promise<{ summary?: Summary; error?: unknown; notices: string[] }> {
  const notices: string[] = [];
  let done = 0;
  try {
    const summary = await compress({
      config: await readConfig(project.config, compressConfigSchema, [...SETTINGS, ...set]),
      directory: project.folder,
      output: at(out),
      searchFrom: [__dirname],
      resume,
      events: {
        // That the network of the project guesses is said, too; this is about what is kept.
        onNotice: (text) => /checkpoint|stage/i.test(text) && notices.push(text),
        onProgress: ({ stage, done: count, unit }) =>
          count > 0 && unit !== 'images' && !stage.endsWith('-prepare') && done++,
      },
      shouldStop: () => done >= episodes,
    });
    return { summary, notices };
  } catch (error) {
    return { error, notices };
  }
}

const mismatch = (message: RegExp) => ({
  code: 'CHECKPOINT_MISMATCH',
  message: expect.stringMatching(message) as unknown,
});
const policy = async (out: string) =>
  JSON.parse(await readFile(at(`${out}/policy.json`), 'utf8')) as { prune: unknown };

describe('compress --resume', () => {
  it('refuses other weights at the same path and a data set that lost images, and goes on once they are back', async () => {
    expect((await run('whole', {})).summary!.identity).toMatchObject({
      dataset: expect.any(String),
      plugins: { 'agent/prune': expect.stringMatching(/random \d/) },
    });
    expect(await run('stopped', { episodes: 6 })).toMatchObject({ error: { code: 'INTERRUPTED' } });

    await cp(at('model'), at('saved'), { recursive: true });
    const { layers, ...rest } = await readNetwork(project.model);
    const halved = layers.map((layer) => ({
      ...layer,
      weights: layer.weights.map((weight) => ({ ...weight, data: weight.data.map((value) => value / 2) })),
    }));
    await writeModel({ ...rest, layers: halved }, at('model'));
    expect(await run('stopped', { resume: true })).toMatchObject({
      error: mismatch(/model\/model\.json has .*other weights than when the checkpoint was made/),
    });
    await cp(at('saved'), at('model'), { recursive: true });

    const test = await readFile(at('data/test_batch.bin'));
    await writeFile(at('data/test_batch.bin'), test.subarray(0, test.length / 2));
    expect(await run('stopped', { resume: true })).toMatchObject({
      error: mismatch(/the data set has other images, labels or splits/),
    });
    await writeFile(at('data/test_batch.bin'), test);

    expect(await run('stopped', { resume: true })).toMatchObject({ summary: { seed: 3 }, notices: [] });
    expect(await policy('stopped')).toEqual(await policy('whole'));
  });

  it('keeps stage 1 where a budget of stage 2 turned out to be out of reach and was raised, as the hint says', async () => {
    const { error } = await run('raised', { set: ['quantize.budget.bytes=101'] });
    expect(error).toMatchObject({ code: 'BUDGET_INFEASIBLE' });
    expect(existsSync(at('raised'))).toBe(false);
    const least = Number(/the file has (\d+)/.exec((error as Error).message)![1]);

    const late = await run('raised', { set: [`quantize.budget.bytes=${least + 20}`] });
    expect(late).toMatchObject({
      error: { code: 'BUDGET_INFEASIBLE', hint: expect.stringContaining('with --resume, stage 1 is kept') },
    });
    expect(late.notices).toEqual([expect.stringMatching(/depends on what stage 1 leaves/)]);

    const raised = await run('raised', { resume: true });
    expect(raised.notices).toEqual([
      expect.stringMatching(/"quantize\.budget\.bytes" was \d+ and is now 0\.5\): stage 1 is kept/),
    ]);
    expect((await policy('raised')).prune).toEqual((await policy('whole')).prune);
    expect(raised.summary!.search.prune!.evaluations).toBeGreaterThan(0);
  });

  it('begins stage 2 anew where it was changed halfway, with the same result as from the beginning', async () => {
    const set = ['quantize.budget.bytes=0.45'];
    await run('fresh', { set });
    expect(await run('halfway', { episodes: 6 })).toMatchObject({ error: { code: 'INTERRUPTED' } });
    const { notices } = await run('halfway', { set, resume: true });
    expect(notices).toEqual([
      expect.stringMatching(
        /stage 1 is kept, stage 2 starts again\. Its progress is kept as .*checkpoint-kept-1/,
      ),
    ]);
    expect(await policy('halfway')).toEqual(await policy('fresh'));
  });
});

test('compress without --resume keeps the checkpoint of a stopped run, and it can be gone on from', async () => {
  await run('again', { episodes: 6 });
  await mkdir(at('again/.partial-999999/model'), { recursive: true });
  const { notices } = await run('again', {});
  expect(notices).toEqual([
    expect.stringMatching(/The checkpoint of the run before is kept as .*again\/checkpoint-kept-1/),
  ]);
  expect(await readdir(at('again'))).toEqual(expect.arrayContaining(['checkpoint-kept-1', 'summary.json']));
  expect((await readdir(at('again'))).filter((name) => name.startsWith('.'))).toEqual([]);
  await rename(at('again/checkpoint-kept-1'), at('again/checkpoint'));
  expect(await run('again', { resume: true })).toMatchObject({ summary: { seed: 3 }, notices: [] });
});

test('train goes on only from its own model and data, and with the result of a training that was not stopped', async () => {
  const text =
    'architecture: start/model.json\ndataset: { use: cifar10, dir: data, validation: 40 }\noutput: unused\n';
  await writeFile(
    at('train.yaml'),
    `${text}backend: { use: wasm, workers: 1 }\ntrain: { epochs: 2, learningRate: 0.01 }\n`,
  );
  await cp(at('model'), at('start'), { recursive: true });
  const go = async (
    out: string,
    { resume = false, epochs = Infinity }: { resume?: boolean; epochs?: number },
  ) =>
    trainModel({
      config: await readConfig(at('train.yaml'), trainConfigSchema, []),
      directory: project.folder,
      output: at(out),
      searchFrom: [__dirname],
      checkpoint: at(`${out}.checkpoint`),
      resume,
      onEpoch: ({ epoch }) => {
        if (epoch >= epochs) throw new Error('the power went');
      },
    });
  await go('trained', {});
  // As with compress, one command serves for the first run and for the next.
  await expect(go('broken', { resume: true, epochs: 1 })).rejects.toThrow('the power went');

  await writeModel({ ...(await readNetwork(at('trained/model.json'))) }, at('start'));
  await expect(go('broken', { resume: true })).rejects.toMatchObject(
    mismatch(/the architecture start\/model\.json has .*other weights/),
  );
  await cp(at('model'), at('start'), { recursive: true });
  await go('broken', { resume: true });
  expect(await readFile(at('broken/weights.bin'))).toEqual(await readFile(at('trained/weights.bin')));
  expect((await readdir(project.folder)).filter((name) => name.endsWith('.checkpoint'))).toEqual([]);
});
