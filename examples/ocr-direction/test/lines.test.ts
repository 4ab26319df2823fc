import { createRandom, type Dataset, type Random } from '@tersor/core';
import { datasetContract, describeContract } from '@tersor/testing';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWith, ORIGINAL } from './installed.js';

interface Font {
  readonly names: { readonly fontFamily: { readonly en?: string } };
}

const familyOf = ({ names }: Font) => names.fontFamily.en;

/** The parts of the example that the tests use; they need its packages. */
interface Parts {
  readonly create: (options: object) => Dataset;
  readonly drawLine: (
    random: Random,
    fonts: object,
    words: object,
  ) => { width: number; pixels: Float32Array };
  readonly fontsOf: (split: string) => { latin: Font[]; chinese: Font[] };
  readonly wordsOf: (split: string) => { latin: string[]; chinese: string[] };
}

async function load(): Promise<Parts> {
  const { default: plugin } = await import('../text-lines.mjs');
  const { drawLine, prepareRenderer } = await import('../render/line.mjs');
  const { fontsOf } = await import('../render/fonts.mjs');
  const { wordsOf } = await import('../render/texts.mjs');
  await prepareRenderer();
  const create = (options: object) => plugin.create(plugin.options.parse(options), { directory: '/' });
  return { create, drawLine, fontsOf, wordsOf } as unknown as Parts;
}

const SIZES = { train: 60, validation: 40, test: 40 };
const SPLITS = ['train', 'validation', 'test'] as const;

describeWith([ORIGINAL], 'lines of text', () => {
  let parts: Parts;
  let cache = '';
  beforeAll(async () => {
    parts = await load();
    cache = await mkdtemp(join(tmpdir(), 'tersor-lines-'));
  });
  afterAll(() => rm(cache, { recursive: true, force: true }));

  describeContract(
    'as a data set',
    datasetContract(() => parts.create({ ...SIZES, cache })),
  );

  it('are the same for the same seed, drawn anew or kept, and others for another seed', async () => {
    const read = async (options: object) => {
      const { images, labels } = await parts.create({ ...SIZES, ...options }).read('test', [0, 1, 39]);
      return [images, labels];
    };
    const other = join(cache, 'other');
    const drawn = await read({ cache: other });
    expect(await readdir(other)).toEqual([expect.stringMatching(/^test-[0-9a-f]{12}\.bin$/)]);
    expect(await read({ cache: other })).toEqual(drawn);
    expect(await read({ cache: join(cache, 'third') })).toEqual(drawn);
    expect(await read({ cache: other, seed: 2 })).not.toEqual(drawn);
  });

  it('are labelled 1 where the pixels of the upright line are in reverse, whatever is right of it', async () => {
    const [fonts, words] = [parts.fontsOf('test'), parts.wordsOf('test')];
    const dataset = parts.create({ ...SIZES, cache, order: 'rgb' });
    const { images, labels } = await dataset.read('test', [0, 1, 2, 3, 4, 5, 6, 7]);
    expect(new Set(labels)).toEqual(new Set([0, 1]));
    labels.forEach((label, n) => {
      const { width, pixels } = parts.drawLine(createRandom(1, `test ${n}`), fonts, words);
      const at = (x: number, y: number, c: number) => images[((n * 48 + y) * 192 + x) * 3 + c]!;
      for (const [x, y, c] of [
        [0, 0, 0],
        [width - 1, 47, 2],
        [width >> 1, 20, 1],
        [width >> 2, 30, 0],
      ] as const) {
        const [left, top] = label === 1 ? [width - 1 - x, 47 - y] : [x, y];
        const value = Math.min(255, Math.max(0, pixels[(top * width + left) * 3 + c]!));
        expect(Math.abs(127.5 * (at(x, y, c) + 1) - value)).toBeLessThan(0.51);
      }
      if (width < 192) expect(at(width, 0, 0)).toBeCloseTo(0, 2);
    });
  });

  it('have fonts, words and characters that no other split has', () => {
    for (const [one, other] of [
      ['train', 'validation'],
      ['train', 'test'],
      ['validation', 'test'],
    ] as const) {
      for (const key of ['latin', 'chinese'] as const) {
        const words = new Set(parts.wordsOf(other)[key]);
        expect(parts.wordsOf(one)[key].filter((word) => words.has(word))).toEqual([]);
        const families = new Set(parts.fontsOf(other)[key].map(familyOf));
        expect(families).not.toContain(undefined);
        expect(
          parts
            .fontsOf(one)
            [key].map(familyOf)
            .filter((family) => families.has(family)),
        ).toEqual([]);
      }
    }
  });

  it('are as often upside down as not', async () => {
    const dataset = parts.create({ ...SIZES, cache });
    for (const split of SPLITS) {
      const { labels } = await dataset.read(
        split,
        Array.from({ length: SIZES[split] }, (_, i) => i),
      );
      const share = labels.reduce((sum, label) => sum + label, 0) / labels.length;
      expect(share).toBeGreaterThan(0.25);
      expect(share).toBeLessThan(0.75);
    }
  });
});
