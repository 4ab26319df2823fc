import * as ort from 'onnxruntime-web/wasm';
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';
import { HEIGHT, toInput, WIDTH } from '../../input.mjs';
import type { Line } from './lines.js';

// One thread needs no isolated page.
ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = { wasm };

/** Lines in one run. */
const BATCH = 20;

/** A direction classifier in onnxruntime-web. */
export interface Network {
  readonly bytes: number;
  readonly loadSeconds: number;
  /** Probability that each line is upside down. */
  turned(lines: readonly Line[]): Promise<number[]>;
}

/** Loads an ONNX file. */
export async function loadNetwork(url: string): Promise<Network> {
  const file = new Uint8Array(await (await fetch(url)).arrayBuffer());
  const start = performance.now();
  const session = await ort.InferenceSession.create(file);
  const loadSeconds = (performance.now() - start) / 1000;
  const [input, output] = [session.inputNames[0]!, session.outputNames[0]!];
  const run = async (lines: readonly Line[]) => {
    const images = new ort.Tensor('float32', toInput(lines), [lines.length, 3, HEIGHT, WIDTH]);
    const scores = (await session.run({ [input]: images }))[output]!.data as Float32Array;
    return lines.map((_, i) => scores[2 * i + 1]!);
  };
  const turned = async (lines: readonly Line[]) => {
    const results: number[] = [];
    for (let i = 0; i < lines.length; i += BATCH) results.push(...(await run(lines.slice(i, i + BATCH))));
    return results;
  };
  return { bytes: file.length, loadSeconds, turned };
}
