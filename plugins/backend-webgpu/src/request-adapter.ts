/** Where WebGPU comes from, and the adapter (GPU and driver) that it offers. */
export interface FoundAdapter {
  readonly adapter: GPUAdapter;
  /**
   * Must be reachable as `navigator.gpu` while tfjs makes its backend, and be held for as long as the adapter
   * or a device of it is used.
   */
  readonly gpu: GPU;
  readonly source: 'Dawn in Node' | 'browser';
}

/** Why there is no adapter, and what to do. */
export interface AdapterProblem {
  readonly reason: string;
  readonly install: string;
}

export interface AdapterRequest {
  readonly powerPreference: GPUPowerPreference;
  /** Part of the name of the adapter to take; only Dawn in Node can choose by name. */
  readonly adapter?: string;
}

const NO_ADAPTER =
  "Install the GPU's graphics driver; on Linux with Vulkan, and the Vulkan loader (Debian: libvulkan1). For tests without a GPU a software adapter " +
  'does: the chromium package of Debian holds one, which VK_DRIVER_FILES=/usr/lib/chromium/vk_swiftshader_icd.json selects.';

/**
 * Asks for a WebGPU adapter: the browser's own, else Dawn's from the npm package `webgpu`. Never throws.
 * Nothing refers to the result but the caller: Node does not exit while Dawn's objects are reachable from a
 * global.
 */
export async function requestAdapter({
  powerPreference,
  adapter: name,
}: AdapterRequest): Promise<FoundAdapter | AdapterProblem> {
  const own = (globalThis as { readonly navigator?: { readonly gpu?: GPU } }).navigator?.gpu;
  const gpu = own ?? (await dawn(name));
  if ('reason' in gpu) return gpu;
  const source = own ? 'browser' : 'Dawn in Node';
  try {
    const adapter = await gpu.requestAdapter({ powerPreference });
    if (adapter) return { adapter, gpu, source };
    return {
      reason: `WebGPU (${source}) finds no adapter${name ? ` named "${name}"` : ''}.`,
      install: NO_ADAPTER,
    };
  } catch (error) {
    return {
      reason: `WebGPU (${source}) fails to give an adapter: ${messageOf(error)}`,
      install: NO_ADAPTER,
    };
  }
}

async function dawn(adapter: string | undefined): Promise<GPU | AdapterProblem> {
  try {
    const { create, globals } = await import('webgpu');
    // Constants such as GPUBufferUsage, which tfjs reads as globals.
    Object.assign(globalThis, globals);
    return create(adapter ? [`adapter=${adapter}`] : []);
  } catch (error) {
    const isMissing = /Cannot find (package|module) 'webgpu'/.test(messageOf(error));
    const reason = isMissing
      ? 'The npm package "webgpu" is not installed.'
      : `The npm package "webgpu" cannot be loaded: ${messageOf(error)}`;
    return { reason, install: 'npm install webgpu' };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.split('\n')[0]! : String(error);
}
