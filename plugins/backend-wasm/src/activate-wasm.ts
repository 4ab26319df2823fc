import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { correctBatchNorm } from '@tersor/network';
import { TersorError } from '@tersor/core';
import { registerChannelKernels } from './kernels/channel-kernels.js';
import { registerGradientKernels } from './kernels/gradient-kernels.js';
import { registerMaxPoolGradient } from './kernels/max-pool-gradient.js';
import { registerParametricRelu } from './kernels/parametric-relu.js';
import { registerSamePadding } from './kernels/same-padding.js';

/** Makes wasm the active tfjs backend of this thread, with our kernels. Throws `BACKEND_UNAVAILABLE`. */
export async function activateWasm(): Promise<void> {
  if (tf.engine().backendName === 'wasm') return;
  // Only now: whoever lists plugins has this module.
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(
    `${dirname(createRequire(__filename).resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm'))}/`,
  );
  if (!(await tf.setBackend('wasm'))) {
    throw new TersorError('BACKEND_UNAVAILABLE', 'The wasm backend cannot start here.', {
      hint: 'tersor doctor says why.',
    });
  }
  registerGradientKernels();
  registerChannelKernels();
  registerSamePadding();
  registerParametricRelu();
  registerMaxPoolGradient();
  correctBatchNorm('wasm');
}
