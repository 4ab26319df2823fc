import { copyFile, cp, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import type { Dataset } from '@tersor/core';
import { datasetContract, describeContract } from '@tersor/testing';
import { at, png, ONE_PIXEL, write, make, refusal, useImageFiles } from '../../test/image-files.js';
import { imageFilesFingerprint } from './image-files-fingerprint.js';
import { imageFolder } from './image-folder.js';

useImageFiles();

describeContract(
  'image-folder',
  datasetContract(() => make({ dir: 'pets', validation: 6 })),
);

describe('fingerprint', () => {
  const of = async (dir: string) => (await make({ dir, validation: 6 })).fingerprint!();

  test('is that of the content, wherever it lies, and differs where a file was cut off, repainted, moved to another class or removed', async () => {
    const before = await of('pets');
    for (const [change, differs] of [
      [async () => undefined, false],
      [
        async () =>
          writeFile(at('copy/val/bee/1.png'), (await readFile(at('copy/val/bee/1.png'))).subarray(0, 40)),
        true,
      ],
      [
        async () =>
          writeFile(
            at('copy/val/bee/1.png'),
            png(4, 6, () => [21, 100, 200]),
          ),
        true,
      ],
      [async () => rename(at('copy/train/ant/3.png'), at('copy/train/bee/33.png')), true],
      [async () => rm(at('copy/val/cat/0.png')), true],
    ] as const) {
      await rm(at('copy'), { recursive: true, force: true });
      await cp(at('pets'), at('copy'), { recursive: true });
      await change();
      expect((await of('copy')) !== before).toBe(differs);
    }
  });

  test('looks at few bytes of a large data set', async () => {
    const entries = Array.from({ length: 30_000 }, (_, i) => ({
      path: at(`pets/val/ant/${i % 2}.png`),
      key: `ant/${i}.png`,
      label: 0,
    }));
    const started = process.cpuUsage();
    expect(await imageFilesFingerprint({ train: entries, validation: [], test: entries }, {})).toMatch(
      /^[0-9a-f]{64}$/,
    );
    const { user, system } = process.cpuUsage(started);
    expect(user + system).toBeLessThan(10e6);
  });
});

describe('splits', () => {
  const reds = async (dataset: Dataset, split: 'train' | 'validation') => {
    const { images, labels } = await dataset.read(split, [...Array(dataset.size(split)).keys()]);
    return [...labels].map((label, i) => `${label}/${Math.round((images[i * 48]! * 255) / 20)}`);
  };

  test('labels are the sorted folders, and every training image is in one split', async () => {
    const dataset = await make({ dir: 'pets', validation: 0.25 });
    expect(dataset.classNames).toEqual(['ant', 'bee', 'cat']);
    expect([dataset.size('train'), dataset.size('validation'), dataset.size('test')]).toEqual([27, 9, 6]);
    expect([...(await dataset.read('test', [0, 1, 2, 3, 4, 5])).labels]).toEqual([0, 0, 1, 1, 2, 2]);
    const all = [...(await reds(dataset, 'train')), ...(await reds(dataset, 'validation'))];
    expect(all.sort()).toEqual(
      ['0', '1', '2'].flatMap((label) => Array.from({ length: 12 }, (_, i) => `${label}/${i}`)).sort(),
    );
  });

  test('the held-out images are the same wherever the data set lies, and a smaller choice is part of a larger one', async () => {
    const nine = await reds(await make({ dir: 'pets', validation: 9 }), 'validation');
    await cp(at('pets'), at('moved/pets'), { recursive: true });
    expect(await reds(await make({ dir: 'moved/pets', validation: 9 }), 'validation')).toEqual(nine);
    expect(nine).toEqual(
      expect.arrayContaining(await reds(await make({ dir: 'pets', validation: 4 }), 'validation')),
    );
    expect(new Set(nine.map((name) => name[0])).size).toBeGreaterThan(1);
  });

  test('a list names classes by name, by index or by folder, and a file of classes gives their order', async () => {
    await write('pets/classes.txt', '\uFEFFcat\r\nbee\r\nant\r\n');
    await write(
      'pets/flat/two words.png',
      png(4, 4, () => [5, 5, 5]),
    );
    await write('pets/list.txt', 'train/ant/0.JPEG\ntrain/bee/0.JPEG bee\n\nflat/two words.png 0\r\n');
    const dataset = await make({
      dir: 'pets',
      classes: 'classes.txt',
      train: 'train',
      test: 'val',
      validation: 0,
    });
    expect((await dataset.read('train', [0])).labels[0]).toBe(2);
    const listed = await make({ dir: 'pets', classes: 'classes.txt', train: 'list.txt', validation: 0 });
    const { images, labels } = await listed.read('train', [0, 1, 2]);
    expect([...labels]).toEqual([2, 1, 0]);
    expect(images[2 * 48]! * 255).toBeCloseTo(5, 4);
  });

  test('files are read when their images are asked for, not before', async () => {
    await cp(at('pets'), at('lazy'), { recursive: true });
    const dataset = await make({ dir: 'lazy', validation: 0 });
    await copyFile(at('lazy/val/ant/0.png'), at('lazy/train/bee/3.png'));
    await writeFile(at('lazy/train/bee/5.png'), 'broken');
    await rm(at('lazy/train/bee/7.png'));
    const index = (i: number) =>
      12 +
      [
        '0.JPEG',
        '1.png',
        '10.JPEG',
        '11.png',
        '2.JPEG',
        '3.png',
        '4.JPEG',
        '5.png',
        '6.JPEG',
        '7.png',
      ].indexOf(`${i}.png`);
    expect((await dataset.read('train', [index(3)])).images[2]! * 255).toBeCloseTo(200, 4);
    await expect(dataset.read('train', [0, index(5)])).rejects.toEqual(
      refusal(/5\.png is neither a JPEG nor a PNG/),
    );
    await expect(dataset.read('train', [index(7)])).rejects.toEqual(refusal(/7\.png cannot be read/));
  });

  test('links to class folders count, other files do not', async () => {
    await cp(at('pets'), at('linked'), { recursive: true });
    await rename(at('linked/train/bee'), at('linked/elsewhere'));
    await symlink(at('linked/elsewhere'), at('linked/train/bee'), 'junction');
    await write('linked/train/README.md', 'about');
    await write('linked/train/ant/Thumbs.db', 'x');
    await write('linked/train/ant/._0.png', 'x');
    await mkdir(at('linked/train/.cache'));
    expect((await make({ dir: 'linked', validation: 0 })).size('train')).toBe(36);
  });
});

describe('mistakes', () => {
  beforeEach(async () => {
    await rm(at('bad'), { recursive: true, force: true });
    for (const name of ['ant', 'bee', 'cat'])
      for (const split of ['train', 'val']) await write(`bad/${split}/${name}/0.png`, ONE_PIXEL);
    await write('bad/classes.txt', 'ant\nbee\ncat\n');
  });
  const lists = (lines: string, options: object = {}) =>
    write('bad/list.txt', lines).then(() =>
      make({ dir: 'bad', train: 'list.txt', classes: 'classes.txt', ...options }),
    );

  test.each<[string, () => Promise<unknown>, RegExp]>([
    ['a folder that is missing', () => make({ dir: 'none' }), /none does not exist/],
    [
      'a training folder that is missing',
      () => make({ dir: 'bad', train: 'training' }),
      /The folder .*bad\/training cannot be read/,
    ],
    ['a test folder that is missing', () => make({ dir: 'bad', test: 'test' }), /bad\/test cannot be read/],
    [
      'a folder without class folders',
      async () => (await mkdir(at('bad/none')), make({ dir: 'bad', train: 'none' })),
      /bad\/none has no class folders\./,
    ],
    [
      'a flat folder',
      () => make({ dir: 'bad', train: 'train/ant' }),
      /train\/ant has no class folders, but images/,
    ],
    [
      'one class only',
      async () => (await write('bad/single/ant/0.png', ONE_PIXEL), make({ dir: 'bad', train: 'single' })),
      /only one class folder, ant/,
    ],
    [
      'an empty class folder',
      async () => (await write('bad/train/dog/notes.txt', ''), make({ dir: 'bad' })),
      /train\/dog has no images/,
    ],
    [
      'a class that is not among the classes',
      async () => (await write('bad/val/dog/0.png', ONE_PIXEL), make({ dir: 'bad' })),
      /val\/dog is not one of the 3 classes/,
    ],
    [
      'a class that is named twice',
      async () => (
        await write('bad/twice.txt', 'crane\nmaillot\ncrane\n'),
        make({ dir: 'bad', classes: 'twice.txt' })
      ),
      /twice\.txt names the class "crane" twice, as number 0 and 2/,
    ],
    [
      'an empty file of classes',
      async () => (await write('bad/empty.txt', '\n'), make({ dir: 'bad', classes: 'empty.txt' })),
      /empty\.txt names 0 classes/,
    ],
    [
      'a list without the order of classes',
      () => lists('train/ant/0.png\n', { classes: undefined }),
      /list\.txt is a list of images, which does not give the order of the classes/,
    ],
    ['an empty list', () => lists('\n'), /list\.txt lists no images/],
    [
      'a line that names no image',
      () => lists('train/ant/0.png\ntrain/ant 0\n'),
      /list\.txt, line 2: "train\/ant 0" does not name/,
    ],
    [
      'a file of a list that is missing',
      () => lists('train/ant/0.png\ntrain/ant/99.png\n'),
      /list\.txt, line 2: .*train\/ant\/99\.png does not exist/,
    ],
    [
      'a folder of a list that is missing',
      () => lists('train/fox/0.png\n'),
      /list\.txt, line 1: the folder .*train\/fox cannot be read/,
    ],
    [
      'a class of a list that is unknown',
      () => lists('train/ant/0.png fox\n'),
      /list\.txt, line 1: "fox" is neither one of the 3 classes nor an index from 0 to 2/,
    ],
    ['an index of a list that is too high', () => lists('train/ant/0.png 3\n'), /line 1: "3" is neither/],
    [
      'an image that is listed twice',
      () => lists('train/ant/0.png\ntrain/bee/../ant/0.png\n'),
      /train\/ant\/0\.png is given twice/,
    ],
    ['a test image that is trained on', () => lists('val/ant/0.png\n'), /val\/ant\/0\.png is given twice/],
    [
      'more validation images than there are',
      () => make({ dir: 'bad', validation: 4 }),
      /4 validation images were requested, but there are only 3 training images/,
    ],
    [
      'a crop that is larger than the image',
      () => make({ dir: 'bad', resize: 4, crop: 5 }),
      /A crop of 5 pixels does not fit/,
    ],
  ])('names %s', async (_, act, message) => {
    await expect(act()).rejects.toEqual(refusal(message));
  });

  test('normalize has to be given: a wrong one costs accuracy without a word', () => {
    expect(imageFolder.options.safeParse({ dir: 'pets' }).error?.issues[0]?.path).toEqual(['normalize']);
    expect(imageFolder.options.safeParse({ dir: 'pets', normalize: 'caffe', validation: 1.5 }).success).toBe(
      false,
    );
  });
});

test('the fixture is real: its files start as JPEG and PNG do', async () => {
  expect((await readFile(at('pets/train/ant/0.JPEG'))).subarray(0, 2)).toEqual(Buffer.from([0xff, 0xd8]));
  expect((await readFile(at('pets/train/ant/1.png'))).subarray(1, 4).toString()).toBe('PNG');
});
