import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runAndKill, type Kill } from './killed-program.js';
import { createTinyProject, type TinyProject } from './tiny-project.js';

const EPOCHS = 20;

let project: TinyProject;
let whole: Buffer;
const at = (path: string) => join(project.folder, path);
const train = (out: string, kill?: Kill) =>
  runAndKill(['train', at('train.yaml'), '--out', at(out), '--resume'], kill && { ...kill, atOnce: true });
const weights = (out: string) => readFile(at(`${out}/weights.bin`));
/** Epochs that a process was done with, as it said. */
const epochsOf = (err: string) => [...err.matchAll(/^epoch (\d+)\//gm)].map(([, epoch]) => Number(epoch));
const ALL = Array.from({ length: EPOCHS }, (_, i) => i + 1);

beforeAll(async () => {
  project = await createTinyProject();
  const lines = [
    `architecture: ${project.model}`,
    'dataset: { use: cifar10, dir: data, validation: 40 }',
    'backend: { use: wasm, workers: 1 }',
    'output: unused',
    `train: { epochs: ${EPOCHS}, learningRate: 0.01, batchSize: 16 }`,
    '',
  ];
  await writeFile(at('train.yaml'), lines.join('\n'));
});
afterAll(() => rm(project.folder, { recursive: true, force: true }));

describe('tersor train --resume', () => {
  it('starts where there is no checkpoint, and leaves none', async () => {
    const { code, err } = await train('whole');
    expect({ code, epochs: epochsOf(err) }).toEqual({ code: 0, epochs: ALL });
    expect(await readdir(project.folder)).not.toContain('whole.checkpoint');
    whole = await weights('whole');
  });

  it('ends with the weights of a training that was left alone, byte by byte, after it was killed twice', async () => {
    let last = 0;
    for (const after of ['epoch 3/', 'epoch 12/', undefined]) {
      const { code, err } = await train('killed', after === undefined ? undefined : { after, wait: 5 });
      expect(code).toBe(after === undefined ? 0 : null);
      // A checkpoint is written before its epoch is told of, so that of one more may be there.
      const [first] = epochsOf(err);
      expect([last + 1, ...(last > 0 ? [last + 2] : [])]).toContain(first);
      last = epochsOf(err).at(-1)!;
    }
    expect(last).toBe(EPOCHS);
    expect((await weights('killed')).equals(whole)).toBe(true);
  });

  it('keeps a record of its epochs as it goes on, which goes with the checkpoints', async () => {
    const record = at('watched.checkpoint/live.jsonl');
    for (const after of ['epoch 3/', 'epoch 7/']) await train('watched', { after, wait: 5 });
    const lines = (await readFile(record, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const begun = lines.flatMap(({ training }) => training ?? []);
    expect(begun.map(({ epochsDone }) => epochsDone > 0)).toEqual([false, true]);
    expect(begun[1].command.args.slice(0, 2)).toEqual(['train', at('train.yaml')]);
    const epochs = lines.flatMap(({ epoch }) => epoch ?? []);
    expect(epochs.map(({ epoch }) => epoch)).toEqual(ALL.slice(0, epochs.length));
    for (const { loss, accuracy, validation } of epochs)
      expect([loss > 0, accuracy >= 0 && accuracy <= 1, validation >= 0 && validation <= 1]).toEqual([
        true,
        true,
        true,
      ]);
    await train('watched');
    expect(await readdir(project.folder)).not.toContain('watched.checkpoint');
    expect(await readdir(at('watched'))).not.toContain('.lock');
  });

  it('names damaged checkpoints, goes on from the one before, and starts over where none is whole', async () => {
    expect(await train('damaged', { after: 'epoch 5/' })).toMatchObject({ code: null });
    const folder = at('damaged.checkpoint');
    const [, newest] = (await readdir(folder)).filter((name) => name.endsWith('.ckpt')).sort();
    const damage = async (name: string) => {
      const bytes = await readFile(join(folder, name));
      bytes[bytes.length - 1]! ^= 1;
      await writeFile(join(folder, name), bytes);
    };
    await damage(newest!);
    const again = await train('damaged', { after: 'epoch 12/' });
    expect(again).toMatchObject({
      code: null,
      err: expect.stringContaining(`${join(folder, newest!)} is damaged; using the one before.`),
    });
    expect(epochsOf(again.err)[0]).toBe(Number(newest!.slice(0, -5)));

    for (const name of await readdir(folder)) await damage(name);
    const { code, err } = await train('damaged');
    expect({ code, epochs: epochsOf(err) }).toEqual({ code: 0, epochs: ALL });
    expect(err).toContain('is damaged; no other is whole, so this starts from the beginning.');
    expect((await weights('damaged')).equals(whole)).toBe(true);
  });
});
