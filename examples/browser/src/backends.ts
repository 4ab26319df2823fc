import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import plainWasm from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simdWasm from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threadedWasm from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import * as tf from '@tensorflow/tfjs-core';

/** What the visitor can choose between; each is fetched when it is chosen. */
export const BACKENDS = [
  {
    id: 'wasm',
    name: 'WebAssembly',
    isHere: () => typeof WebAssembly === 'object',
    fetch: async () => undefined,
  },
  { id: 'webgl', name: 'WebGL', isHere: hasWebgl, fetch: () => import('@tensorflow/tfjs-backend-webgl') },
  {
    id: 'webgpu',
    name: 'WebGPU',
    isHere: () => 'gpu' in navigator,
    fetch: () => import('@tensorflow/tfjs-backend-webgpu'),
  },
  { id: 'cpu', name: 'JavaScript', isHere: () => true, fetch: () => import('@tensorflow/tfjs-backend-cpu') },
];

setWasmPaths({
  'tfjs-backend-wasm.wasm': plainWasm,
  'tfjs-backend-wasm-simd.wasm': simdWasm,
  'tfjs-backend-wasm-threaded-simd.wasm': threadedWasm,
});

/** Fetches a backend and makes it the one of tfjs. Throws where it cannot start on this device. */
export async function useBackend(id: string): Promise<void> {
  await BACKENDS.find((backend) => backend.id === id)!.fetch();
  if (!(await tf.setBackend(id).catch(() => false))) throw new Error(`${id} cannot start on this device.`);
  await tf.ready();
}

function hasWebgl(): boolean {
  return document.createElement('canvas').getContext('webgl2') !== null;
}
