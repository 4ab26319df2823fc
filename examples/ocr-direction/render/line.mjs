// One line of text as a detector would have cut it out: an image of 48 x 192 pixels, RGB.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { initWasm, Resvg } from '@resvg/resvg-wasm';
import { HEIGHT, WIDTH } from '../input.mjs';
import { addNoise, blurred } from './pixels.mjs';
import { chineseText, latinText, pick } from './texts.mjs';

/** PP-OCR pads with 0 after (x / 255 - 0.5) / 0.5; 128 is the byte next to it. */
const PADDING = 128;

let ready;
/** Sets the renderer up, once for the process. */
export function prepareRenderer() {
  const wasm = createRequire(import.meta.url).resolve('@resvg/resvg-wasm/index_bg.wasm');
  return (ready ??= readFile(wasm).then(initWasm));
}

/**
 * Draws a line, upright: its text, and width x 48 x 3 values, 0 to 255.
 * @param random a stream of @tersor/core; all that is drawn follows from it
 * @param fonts `fontsOf` a split
 * @param words `wordsOf` the same split
 * @param {boolean} clean black on white, straight, without blur or noise
 */
export function drawLine(random, fonts, words, clean = false) {
  const isChinese = random.uniform() < 0.5;
  const font = pick(random, isChinese ? fonts.chinese : fonts.latin);
  const text = isChinese ? chineseText(random, words, font) : latinText(random, words);
  const path = font.getPath(text, 0, 0, 100);
  const style = clean ? CLEAN : drawStyle(random);
  const { svg, width } = picture(path, style);
  let pixels = rendered(svg, width);
  if (style.blur > 0.2) pixels = blurred(pixels, width, HEIGHT, style.blur);
  if (style.noise > 0) addNoise(random, pixels, style.noise);
  return { text, width, pixels };
}

/** A line as an image of 48 x 192 x 3 bytes, padded on the right: upside down where `label` is 1. */
export function laidOut({ width, pixels }, label) {
  const bytes = Uint8ClampedArray.from(pixels);
  const result = new Uint8Array(WIDTH * HEIGHT * 3).fill(PADDING);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < width; x++) {
      const place = y * width + x;
      const from = 3 * (label === 1 ? width * HEIGHT - 1 - place : place);
      for (let c = 0; c < 3; c++) result[3 * (y * WIDTH + x) + c] = bytes[from + c];
    }
  }
  return result;
}

/** The picture as width x 48 x 3 values, 0 to 255. */
function rendered(svg, width) {
  const renderer = new Resvg(svg);
  const image = renderer.render();
  const { pixels: rgba } = image;
  const pixels = new Float32Array(width * HEIGHT * 3);
  for (let i = 0, at = 0; at < pixels.length; i += 4) {
    for (let c = 0; c < 3; c++) pixels[at++] = rgba[i + c];
  }
  image.free();
  renderer.free();
  return pixels;
}

const CLEAN = {
  ink: '#000',
  paper: ['#fff', '#fff'],
  margins: [0.1, 0.1, 0.1, 0.1],
  angle: 0,
  slant: 0,
  squeeze: 1,
  rules: [],
  blur: 0,
  noise: 0,
};

/** How a line looks: colours, margins, angle, what is drawn through it, blur and noise. */
function drawStyle(random) {
  const between = (low, high) => low + (high - low) * random.uniform();
  const isDark = random.uniform() < 0.35;
  // Contrast of ink and paper, in levels of 255; often weak.
  const contrast = 255 * between(0.25, 0.95);
  const paper = isDark ? between(20, 215 - contrast) : between(Math.min(250, contrast + 20), 255);
  const ink = isDark ? paper + contrast : paper - contrast;
  const tint = [0, 1, 2].map(() => between(-25, 25));
  const colour = (level, share) =>
    `rgb(${tint.map((shift) => Math.round(Math.min(255, Math.max(0, level + share * shift)))).join(',')})`;
  const shade = between(-0.4, 0.4) * contrast;
  return {
    ink: colour(ink, random.uniform() < 0.5 ? -1 : 1),
    paper: [colour(paper, 1), colour(paper + shade, 1)],
    // Above, right, below, left, as shares of the text's height; below 0 a part is cut off.
    margins: [between(-0.04, 0.3), between(-0.05, 0.3), between(-0.04, 0.3), between(-0.05, 0.3)],
    angle: between(-5, 5),
    slant: between(-12, 12),
    squeeze: between(0.75, 1.25),
    // Lines of tables, and of what is underlined or crossed out: places, as shares of the height.
    rules: random.uniform() < 0.25 ? [between(0, 1)] : [],
    blur: 1.7 * random.uniform() ** 2,
    noise: 20 * random.uniform() ** 2,
  };
}

/** The line as SVG of 48 pixels' height, and its width: at most 192, where longer text is squeezed. */
function picture(path, { ink, paper, margins, angle, slant, squeeze, rules }) {
  const box = path.getBoundingBox();
  const tall = Math.max(20, box.y2 - box.y1);
  const [above, right, below, left] = margins.map((share) => share * tall);
  const frame = {
    x: box.x1 - left,
    y: box.y1 - above,
    w: box.x2 - box.x1 + left + right,
    h: tall + above + below,
  };
  const width = Math.max(24, Math.min(WIDTH, Math.round((HEIGHT * squeeze * frame.w) / frame.h)));
  const centre = [(box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2];
  // A long line leaves its box at a smaller angle than a short one.
  const turn = angle * Math.min(1, (3 * tall) / (box.x2 - box.x1));
  const lines = rules.map((share) => {
    const y = frame.y + share * frame.h;
    return `<path d="M${frame.x} ${y}h${frame.w}" stroke="${ink}" stroke-width="${0.04 * tall}"/>`;
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${HEIGHT}"
    viewBox="${frame.x} ${frame.y} ${frame.w} ${frame.h}" preserveAspectRatio="none">
    <defs><linearGradient id="p"><stop offset="0" stop-color="${paper[0]}"/><stop offset="1" stop-color="${paper[1]}"/></linearGradient></defs>
    <rect x="${frame.x}" y="${frame.y}" width="${frame.w}" height="${frame.h}" fill="url(#p)"/>
    <g transform="rotate(${turn} ${centre}) translate(${centre}) skewX(${slant}) translate(${centre.map((value) => -value)})">
    <path d="${path.toPathData(1)}" fill="${ink}"/></g>${lines.join('')}</svg>`;
  return { svg, width };
}
