import * as tf from '@tensorflow/tfjs-core';
import { compileFused, compileGradients, crossProductsOfTensors, observeLayers } from '@tersor/network';
import { TersorError, type Availability, type Backend } from '@tersor/core';
import { createResidentImages, type ResidentImages } from './resident-images.js';
import { freeBuffers } from './free-buffers.js';
import { registerFilterGradients } from './filter-gradients.js';
import { imagesPerBatch } from './images-per-batch.js';
import { requestAdapter, type AdapterRequest, type FoundAdapter } from './request-adapter.js';

export interface WebgpuBackendOptions extends AdapterRequest {
  /** Images that run at once; as many as suit the network and the device when absent. */
  readonly batchSize?: number;
}

const NAME = 'webgpu';

/** Images that are observed at once. */
const OBSERVED = 64;

/** The limits that decide which networks fit; tfjs asks for all that the adapter has of these. */
const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupsPerDimension',
] as const;

/** The backend on WebGPU: any vendor's GPU, through Dawn in Node or the browser's own. float32. */
export function createWebgpuBackend(options: WebgpuBackendOptions): Backend {
  // Dawn's event loop runs inside `gpu`: were it collected, pending reads would never end and the device
  // would work on freed memory.
  let active: (FoundAdapter & { readonly device: GPUDevice; readonly images: ResidentImages }) | undefined;

  const activate = async (): Promise<NonNullable<typeof active>> => {
    if (!active) {
      const found = await requestAdapter(options);
      if ('reason' in found)
        throw new TersorError('BACKEND_UNAVAILABLE', found.reason, { hint: found.install });
      const device = await openDevice(found);
      await register(found, device);
      active = { ...found, device, images: createResidentImages(device) };
    }
    if (tf.engine().backendName !== NAME) await tf.setBackend(NAME);
    return active;
  };

  return {
    id: NAME,
    capabilities: { training: true, precisions: ['float32'], workers: 1 },
    async isAvailable(): Promise<Availability> {
      const found = active ?? (await requestAdapter(options));
      return 'reason' in found
        ? { available: false, ...found }
        : { available: true, details: detailsOf(found) };
    },
    activate: async () => void (await activate()),
    async compile(graph, { precision = 'float32' } = {}) {
      if (precision !== 'float32') {
        throw new TersorError('PRECISION_UNSUPPORTED', `The webgpu backend does not offer ${precision}.`, {
          hint: 'Use float32.',
        });
      }
      const { images } = await activate();
      const batchSize = options.batchSize ?? imagesPerBatch(graph);
      const session = await compileFused(graph, { batchSize, batch: images.batch });
      return {
        ...session,
        run: async (input) => {
          await images.expect(input);
          return session.run(input);
        },
        dispose: () => {
          session.dispose();
          const kernels = tf.findBackend(NAME);
          if (kernels) freeBuffers(kernels);
        },
      };
    },
    observe: (graph, calls) =>
      observeLayers(graph, calls, { activate, batchSize: options.batchSize ?? OBSERVED }),
    crossProducts: crossProductsOfTensors(activate),
    async compileTraining(graph, objective) {
      await activate();
      return compileGradients(graph, objective);
    },
    memory() {
      const { numTensors, numBytes } = tf.memory();
      return { tensors: numTensors, bytes: numBytes + (active?.images.bytes ?? 0) };
    },
    async dispose() {
      if (!active) return;
      active.images.dispose();
      tf.removeBackend(NAME);
      active.device.destroy();
      active = undefined;
    },
  };
}

async function openDevice({ adapter }: FoundAdapter): Promise<GPUDevice> {
  const requiredLimits = Object.fromEntries(LIMITS.map((limit) => [limit, adapter.limits[limit]]));
  const requiredFeatures = (['timestamp-query', 'bgra8unorm-storage'] as const).filter((feature) =>
    adapter.features.has(feature),
  );
  return adapter.requestDevice({ requiredLimits, requiredFeatures });
}

/**
 * Registers tfjs's backend on a device. tfjs's own registration is not used: it wants `navigator.gpu` when
 * the module loads and for as long as the process runs, and the latter keeps Node from exiting.
 */
async function register({ gpu, adapter, source }: FoundAdapter, device: GPUDevice): Promise<void> {
  const { WebGPUBackend } = await import('@tensorflow/tfjs-backend-webgpu');
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  if (source !== 'browser')
    Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
  try {
    const backend = new WebGPUBackend(device, adapter.info);
    if (tf.findBackendFactory(NAME)) tf.removeBackend(NAME);
    tf.registerBackend(NAME, () => backend);
    registerFilterGradients();
  } finally {
    if (source !== 'browser') {
      if (before) Object.defineProperty(globalThis, 'navigator', before);
      else Reflect.deleteProperty(globalThis, 'navigator');
    }
  }
}

function detailsOf({ adapter, source }: FoundAdapter): Record<string, string | number> {
  const { vendor, architecture, device, description } = adapter.info;
  const limits = Object.fromEntries(LIMITS.map((limit) => [limit, adapter.limits[limit]]));
  return {
    source,
    adapter: description || device || architecture || 'unnamed',
    vendor,
    architecture,
    ...limits,
  };
}
