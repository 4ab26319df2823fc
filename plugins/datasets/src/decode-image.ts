import { TersorError } from '@tersor/core';
import { decode as decodeJpeg } from 'jpeg-js';
import { PNG } from 'pngjs';

/** A decoded image: 8 bits per channel, red, green, blue, row by row. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  /** `height * width * 3` values. */
  readonly data: Uint8Array;
}

const JPEG_START = Buffer.from([0xff, 0xd8]);
const JPEG_SCAN = Buffer.from([0xff, 0xda]);
const JPEG_END = Buffer.from([0xff, 0xd9]);
const PNG_START = Buffer.from([0x89, 0x50, 0x4e, 0x47]);
/** For formats that are often met under another name, so that the error says what the file is. */
const OTHER_FORMATS: readonly (readonly [name: string, start: string])[] = [
  ['GIF', 'GIF8'],
  ['BMP', 'BM'],
  ['WebP or another RIFF', 'RIFF'],
  ['TIFF', 'II*\0'],
  ['TIFF', 'MM\0*'],
  ['HTML', '<'],
];

/**
 * Decodes a JPEG (baseline or progressive; gray, YCbCr, RGB, CMYK or YCCK) or a PNG (any depth; transparency
 * is dropped) by its content, not by its name. Gray becomes three equal channels. Throws `DATASET_INVALID`,
 * with the file's name, when it is neither, is cut off or does not decode.
 */
export function decodeImage(bytes: Buffer, file: string): RgbImage {
  if (startsWith(bytes, JPEG_START)) {
    // The decoder fills what is missing with gray, so a file that was cut off has to be found before: its
    // last scan has no end marker.
    if (bytes.lastIndexOf(JPEG_END) <= bytes.lastIndexOf(JPEG_SCAN))
      throw broken(file, 'is a JPEG that ends before its image does');
    return attempt(file, 'JPEG', () =>
      decodeJpeg(bytes, {
        useTArray: true,
        formatAsRGBA: false,
        tolerantDecoding: false,
        maxMemoryUsageInMB: 2048,
      }),
    );
  }
  if (startsWith(bytes, PNG_START)) {
    return attempt(file, 'PNG', () => {
      const { width, height, data } = PNG.sync.read(bytes);
      return { width, height, data: withoutAlpha(data) };
    });
  }
  if (bytes.length === 0) throw broken(file, 'is empty');
  const other = OTHER_FORMATS.find(([, start]) => startsWith(bytes, Buffer.from(start, 'latin1')));
  throw broken(file, `is neither a JPEG nor a PNG${other ? `, but ${other[0]}` : ''}`);
}

function startsWith(bytes: Buffer, start: Buffer): boolean {
  return bytes.subarray(0, start.length).equals(start);
}

function attempt(file: string, format: string, decode: () => RgbImage): RgbImage {
  let image: RgbImage;
  try {
    image = decode();
  } catch (cause) {
    throw broken(
      file,
      `is not a ${format} that can be decoded: ${cause instanceof Error ? cause.message : String(cause)}`,
      cause,
    );
  }
  if (image.width === 0 || image.height === 0)
    throw broken(file, `is a ${format} of ${image.width}x${image.height} pixels`);
  return image;
}

function broken(file: string, what: string, cause?: unknown): TersorError {
  return new TersorError('DATASET_INVALID', `${file} ${what}.`, {
    cause,
    hint: 'Save the image again as a JPEG or PNG, or leave it out of the data set.',
  });
}

function withoutAlpha(rgba: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    rgb[to] = rgba[from]!;
    rgb[to + 1] = rgba[from + 1]!;
    rgb[to + 2] = rgba[from + 2]!;
  }
  return rgb;
}
