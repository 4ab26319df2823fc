import { HEIGHT, linesOf, WIDTH } from '../../input.mjs';

const AREA = HEIGHT * WIDTH;
/** What is right of a short line: the byte whose value is next to 0. */
const PADDING = 128;

/** A line of text: RGB bytes of 48 x 192 pixels, and 1 where it is upside down, else 0. */
export interface Line {
  readonly label: number;
  readonly pixels: Uint8Array;
}

/** Reads the lines that `prepare.mjs` leaves. */
export async function fetchLines(url: string): Promise<Line[]> {
  return linesOf(new Uint8Array(await (await fetch(url)).arrayBuffer()));
}

/** A canvas that shows the line. */
export function toCanvas({ pixels }: Line): HTMLCanvasElement {
  const canvas = Object.assign(document.createElement('canvas'), { width: WIDTH, height: HEIGHT });
  const data = new ImageData(WIDTH, HEIGHT);
  for (let i = 0; i < AREA; i++) data.data.set([...pixels.subarray(3 * i, 3 * i + 3), 255], 4 * i);
  canvas.getContext('2d')!.putImageData(data, 0, 0);
  return canvas;
}

/**
 * The text as a line, upright or upside down, in the browser's font: 48 pixels high, longer text squeezed.
 */
export function drawText(text: string, label: number): Line {
  const context = Object.assign(document.createElement('canvas'), {
    width: WIDTH,
    height: HEIGHT,
  }).getContext('2d', { willReadFrequently: true })!;
  const font = '34px system-ui, sans-serif';
  context.font = font;
  const width = Math.max(1, Math.min(WIDTH, Math.ceil(context.measureText(text).width + 16)));
  context.fillStyle = `rgb(${PADDING} ${PADDING} ${PADDING})`;
  context.fillRect(0, 0, WIDTH, HEIGHT);
  if (label === 1) context.setTransform(-1, 0, 0, -1, width, HEIGHT);
  context.fillStyle = 'white';
  context.fillRect(0, 0, width, HEIGHT);
  context.fillStyle = 'black';
  context.textBaseline = 'middle';
  context.fillText(text, 8, HEIGHT / 2, width - 16);
  const { data } = context.getImageData(0, 0, WIDTH, HEIGHT);
  return {
    label,
    pixels: Uint8Array.from({ length: 3 * AREA }, (_, i) => data[4 * Math.floor(i / 3) + (i % 3)]!),
  };
}
