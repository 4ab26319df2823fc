import { PNG } from 'pngjs';
import { png, jpeg, flatJpeg, write, make, pixelsOf, refusal, useImageFiles } from '../test/image-files.js';

useImageFiles();

describe('decoding', () => {
  test('a JPEG and a PNG of one colour come out as that colour', async () => {
    for (const encoder of [png, jpeg]) {
      const pixels = await pixelsOf(encoder(8, 8, () => [200, 50, 120]));
      expect(pixels).toHaveLength(48);
      pixels.forEach((value, i) => expect(Math.abs(value - [200, 50, 120][i % 3]!)).toBeLessThanOrEqual(1));
    }
  });

  test('gray becomes three equal channels, and inverted CMYK becomes RGB', async () => {
    expect(new Set(await pixelsOf(flatJpeg([77])))).toEqual(new Set([77]));
    // Adobe writes 255 for no ink: cyan 55 of 255, magenta none, yellow 155, black 51, that is a fifth.
    expect((await pixelsOf(flatJpeg([200, 255, 100, 204]))).slice(0, 3)).toEqual([160, 204, 80]);
    // The writer of this test itself: neutral chroma is gray.
    expect((await pixelsOf(flatJpeg([90, 128, 128]))).slice(0, 3)).toEqual([90, 90, 90]);
  });

  test('a file is what it holds, not what it is called', async () => {
    expect(
      (
        await pixelsOf(
          png(4, 4, () => [9, 8, 7]),
          {},
          'wrong.JPEG',
        )
      ).slice(0, 3),
    ).toEqual([9, 8, 7]);
  });

  test('transparency is dropped', async () => {
    const image = new PNG({ width: 4, height: 4 });
    image.data = Buffer.from(Array.from({ length: 16 }, () => [10, 20, 30, 0]).flat());
    expect((await pixelsOf(PNG.sync.write(image))).slice(0, 3)).toEqual([10, 20, 30]);
  });

  test.each<[string, () => Buffer, RegExp]>([
    ['an empty file', () => Buffer.alloc(0), /is empty/],
    [
      'a truncated JPEG',
      () => jpeg(64, 64, (x, y) => [4 * x, 4 * y, (x * y) % 256]).subarray(0, 900),
      /is a JPEG that ends before its image does/,
    ],
    [
      'a corrupt JPEG',
      () => Buffer.concat([Buffer.from([0xff, 0xd8]), Buffer.alloc(40, 7), Buffer.from([0xff, 0xd9])]),
      /is not a JPEG that can be decoded: /,
    ],
    [
      'a truncated PNG',
      () => png(64, 64, (x, y) => [4 * x, 4 * y, 0]).subarray(0, 100),
      /is not a PNG that can be decoded: /,
    ],
    [
      'a PNG with a flipped bit',
      () => png(64, 64, (x, y) => [4 * x, 4 * y, 0]).map((byte, i) => (i === 60 ? byte ^ 1 : byte)) as Buffer,
      /is not a PNG that can be decoded: /,
    ],
    ['a GIF that is called .png', () => Buffer.from('GIF89a.......'), /is neither a JPEG nor a PNG, but GIF/],
    ['text', () => Buffer.from('not found'), /is neither a JPEG nor a PNG\./],
  ])('refuses %s, with its path', async (_, bytes, message) => {
    await expect(pixelsOf(Buffer.from(bytes()), {}, 'bad.png')).rejects.toEqual(
      refusal(new RegExp(`one/val/cat/bad\\.png ${message.source}`)),
    );
  });
});

describe('resizing', () => {
  /** The red channel by rows. */
  const red = (pixels: number[], size: number) =>
    Array.from({ length: size }, (_, y) =>
      Array.from({ length: size }, (_unused, x) => pixels[(y * size + x) * 3]!),
    );

  test('an image of the right size keeps its pixels, and the crop is its centre', async () => {
    const image = png(6, 8, (x, y) => [10 * x + y, 0, 255]);
    const pixels = await pixelsOf(image, { resize: 6, crop: 4 });
    expect(red(pixels, 4)).toEqual([2, 3, 4, 5].map((y) => [1, 2, 3, 4].map((x) => 10 * x + y)));
    expect(pixels.slice(1, 3)).toEqual([0, 255]);
  });

  test('halving weighs four neighbours as 1:3:3:1, fewer at an edge', async () => {
    const row = [0, 80, 160, 240, 80, 0, 40, 240];
    const halved = [
      (3 * 0 + 3 * 80 + 160) / 7,
      (80 + 3 * 160 + 3 * 240 + 80) / 8,
      (240 + 3 * 80 + 3 * 0 + 40) / 8,
      (0 + 3 * 40 + 3 * 240) / 7,
    ].map(Math.round);
    expect(red(await pixelsOf(png(8, 8, (x) => [row[x]!, 0, 0])), 4)).toEqual(Array(4).fill(halved));
    expect(red(await pixelsOf(png(8, 8, (_, y) => [row[y]!, 0, 0])), 4)).toEqual(
      halved.map((value) => Array(4).fill(value)),
    );
  });

  test('doubling weighs two neighbours as 3:1', async () => {
    expect(red(await pixelsOf(png(2, 2, (x) => [100 * x, 0, 0])), 4)).toEqual(
      Array(4).fill([0, 25, 75, 100]),
    );
  });

  test('the aspect ratio is kept: the longer side is cut, not squeezed', async () => {
    // Left third dark, the middle bright, right third dark; the middle square is all that remains.
    expect(
      new Set(red(await pixelsOf(png(24, 8, (x) => [x >= 7 && x < 17 ? 200 : 0, 0, 0])), 4).flat()),
    ).toEqual(new Set([200]));
  });

  test('one pixel fills the image', async () => {
    expect(
      new Set(
        await pixelsOf(
          png(1, 1, () => [123, 123, 123]),
          { resize: 256, crop: 224 },
        ),
      ),
    ).toEqual(new Set([123]));
  });
});

test.each<[unknown, readonly number[]]>([
  ['zero-to-one', [1, 0.2, 0]],
  ['minus-one-to-one', [1, -0.6, -1]],
  ['imagenet', [(1 - 0.485) / 0.229, (0.2 - 0.456) / 0.224, -0.406 / 0.225]],
  ['caffe', [-103.939, 51 - 116.779, 255 - 123.68]],
  [{ mean: [0.5, 0, 0], std: [1, 0.1, 1] }, [0.5, 2, 0]],
  [{ mean: [0, 0, 0.5], std: [1, 1, 0.5], order: 'bgr' }, [0, 0.2, 1]],
])('normalize %j gives the published values', async (normalize, expected) => {
  await pixelsOf(png(4, 4, () => [255, 51, 0]));
  const dataset = await make({ dir: 'one', normalize });
  const { images } = await dataset.read('test', [0]);
  expected.forEach((value, c) => expect(images[c]).toBeCloseTo(value, 3));
  const black = await make({ dir: 'one', normalize, test: 'black' }).catch(
    async () => (
      await write(
        'one/black/cat/0.png',
        png(4, 4, () => [0, 0, 0]),
      ),
      make({ dir: 'one', normalize, test: 'black' })
    ),
  );
  [...(await black.read('test', [0])).images.slice(0, 3)].forEach((value, c) =>
    expect(value).toBeCloseTo(dataset.padValue[c]!, 4),
  );
});
