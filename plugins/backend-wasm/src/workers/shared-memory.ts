/**
 * Memory that all threads see, so that a request takes its weights and images to several workers by one copy.
 */
export interface SharedMemory {
  /**
   * Copies every Float32Array within `value` to shared memory, and calls `use` with a copy of `value` that
   * refers to it. The memory serves the next call once the promise of `use` has settled: by then no thread
   * may read it any more.
   */
  lend<T, R>(value: T, use: (shared: T) => Promise<R>): Promise<R>;
}

/**
 * Makes a shared memory. It keeps its buffers and uses them again: a buffer of its own for each request would
 * stay with every thread until that thread's next garbage collection, and a thread whose work is in wasm
 * rarely has one.
 */
export function createSharedMemory(): SharedMemory {
  let free: SharedArrayBuffer[] = [];
  return {
    lend: async (value, use) => {
      let bytes = 0;
      mapFloats(value, (floats) => ((bytes += floats.byteLength), floats));
      const buffer = free.find(({ byteLength }) => byteLength >= bytes) ?? new SharedArrayBuffer(bytes);
      // Of those that are free, a smaller one has had its time.
      free = free.filter((other) => other !== buffer && other.byteLength >= bytes);
      let at = 0;
      const shared = mapFloats(value, (floats) => {
        const copy = new Float32Array(buffer, at, floats.length);
        copy.set(floats);
        at += floats.byteLength;
        return copy;
      });
      try {
        return await use(shared);
      } finally {
        free.push(buffer);
      }
    },
  };
}

/** A copy of plain data in which every Float32Array is replaced. */
function mapFloats<T>(value: T, replace: (floats: Float32Array) => Float32Array): T {
  const map = (part: unknown): unknown => {
    if (part instanceof Float32Array) return replace(part);
    if (Array.isArray(part)) return part.map(map);
    if (part === null || typeof part !== 'object' || ArrayBuffer.isView(part)) return part;
    return Object.fromEntries(Object.entries(part).map(([key, each]) => [key, map(each)]));
  };
  return map(value) as T;
}
