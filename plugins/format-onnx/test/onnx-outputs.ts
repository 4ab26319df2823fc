import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { InferenceSession } from 'onnxruntime-web';

/** A tensor as it lies in memory. */
export interface Plain {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

interface Answer {
  readonly id: number;
  readonly outputs?: Readonly<Record<string, Plain>>;
  readonly error?: string;
}

let worker: Worker | undefined;
let asked = 0;

afterAll(() => worker?.terminate());

/** What onnxruntime computes of a file, by the names of its outputs; inputs are by name, in NCHW. */
export async function onnxOutputs(
  path: string,
  inputs: Readonly<Record<string, Plain>>,
  options: InferenceSession.SessionOptions = {},
): Promise<Readonly<Record<string, Plain>>> {
  const bytes = new Uint8Array(await readFile(path));
  if (!worker) {
    worker = new Worker(join(__dirname, 'onnx-worker.mjs'));
    worker.setMaxListeners(100);
    worker.unref();
  }
  const id = asked++;
  const running = worker;
  return new Promise((resolve, reject) => {
    const hear = ({ id: answered, outputs, error }: Answer) => {
      if (answered !== id) return;
      running.off('message', hear);
      if (error === undefined) resolve(outputs!);
      else reject(new Error(error));
    };
    running.on('message', hear);
    running.once('error', reject);
    running.postMessage({ id, bytes, inputs, options: { logSeverityLevel: 3, ...options } });
  });
}
