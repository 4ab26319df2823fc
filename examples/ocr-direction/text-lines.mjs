// A data set of Tersor: lines of text that a script draws and turns by 0 or 180 degrees, so that it knows
// their labels. Named in compress.yaml by its path; see docs/guide/plugins-authoring.md.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { createRandom, definePlugin, TersorError } from '@tersor/core';
import { z } from 'zod';
import { HEIGHT, RECORD, WIDTH } from './input.mjs';
import { fontsOf } from './render/fonts.mjs';
import { drawLine, laidOut, prepareRenderer } from './render/line.mjs';
import { wordsOf } from './render/texts.mjs';

const SHAPE = [HEIGHT, WIDTH, 3];
const PIXELS = RECORD - 1;
/** To be raised whenever `render/` draws other pixels. */
const VERSION = 1;

const options = z.strictObject({
  train: z.int().positive().default(4000).describe('Training lines.'),
  validation: z.int().min(0).default(1500).describe('Validation lines, of fonts and words of their own.'),
  test: z.int().min(0).default(3000).describe('Test lines, of fonts and words of their own.'),
  seed: z.int().default(1).describe('Other lines for another one.'),
  order: z.enum(['rgb', 'bgr']).default('bgr').describe('Order of the channels.'),
  clean: z.boolean().default(false).describe('Black on white and straight, without blur or noise.'),
  cache: z.string().default('.lines').describe('Folder that lines are kept in, once they are drawn.'),
});

export default definePlugin({
  name: 'tersor-example-ocr-direction',
  kind: 'dataset',
  id: 'text-lines',
  core: '>=0.1.0 <1.0.0',
  description: 'Lines of text, upright or upside down',
  options,
  create: (chosen, { directory }) => textLines(chosen, resolve(directory, chosen.cache)),
});

/** The data set; what PP-OCR expects: 48 x 192, `(x / 255 - 0.5) / 0.5`, short lines padded on the right. */
function textLines({ train, validation, test, seed, order, clean }, folder) {
  const sizes = { train, validation, test };
  const drawn = new Map();
  const linesOf = (split) => {
    if (!drawn.has(split)) drawn.set(split, keptLines(folder, { split, count: sizes[split], seed, clean }));
    return drawn.get(split);
  };
  return {
    id: 'text-lines',
    imageShape: SHAPE,
    classNames: ['0', '180'],
    padValue: [0, 0, 0],
    size: (split) => sizes[split],
    read: async (split, indexes) => {
      const outside = indexes.find((index) => !(index >= 0 && index < sizes[split]));
      if (outside !== undefined)
        throw new TersorError(
          'DATASET_INVALID',
          `There are ${sizes[split]} ${split} lines; line ${outside} was asked for.`,
        );
      const lines = await linesOf(split);
      const images = new Float32Array(indexes.length * PIXELS);
      indexes.forEach((index, n) => {
        const line = lines.subarray(index * RECORD + 1, (index + 1) * RECORD);
        for (let i = 0; i < PIXELS; i++) {
          const from = order === 'bgr' ? i + 2 - 2 * (i % 3) : i;
          images[n * PIXELS + i] = line[from] / 127.5 - 1;
        }
      });
      return { images, labels: Int32Array.from(indexes, (index) => lines[index * RECORD]) };
    },
    fingerprint: async () => JSON.stringify([VERSION, sizes, seed, order, clean]),
  };
}

/** Records of a label and 48 x 192 x 3 bytes: read from the folder, or drawn and kept there. */
async function keptLines(folder, wanted) {
  const hash = createHash('sha256')
    .update(JSON.stringify([VERSION, wanted]))
    .digest('hex')
    .slice(0, 12);
  const path = join(folder, `${wanted.split}-${hash}.bin`);
  if (existsSync(path)) return readFile(path);
  const lines = await drawLines(wanted);
  await mkdir(dirname(path), { recursive: true });
  const whole = `${path}.${process.pid}`;
  await writeFile(whole, lines);
  await rename(whole, path);
  return lines;
}

/** Draws lines of a split. Line i is the same however many there are. */
export async function drawLines({ split, count, seed, clean }) {
  await prepareRenderer();
  const [fonts, words] = [fontsOf(split), wordsOf(split)];
  const lines = new Uint8Array(count * RECORD);
  for (let i = 0; i < count; i++) {
    const random = createRandom(seed, `${split} ${i}`);
    const line = drawLine(random, fonts, words, clean);
    const label = random.integer(2);
    lines[i * RECORD] = label;
    lines.set(laidOut(line, label), i * RECORD + 1);
  }
  return lines;
}
