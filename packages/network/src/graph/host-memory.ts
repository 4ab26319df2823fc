import {
  DataStorage,
  engine,
  KernelBackend,
  registerBackend,
  removeBackend,
  setBackend,
} from '@tensorflow/tfjs-core';
import type { DataType } from '@tensorflow/tfjs-core';

const NAME = 'tersor-memory';
type DataId = object;
type Values = Float32Array | Int32Array | Uint8Array;

interface Stored {
  values: Values;
  /** Tensors that share them. */
  references: number;
}

/** A tfjs backend that stores the values of tensors but has no kernels. */
class HostMemory extends KernelBackend {
  private readonly stored = new DataStorage<Stored>(this, engine());
  private count = 0;

  override write(values: Values): DataId {
    const id = { id: this.count++ };
    this.stored.set(id, { values, references: 1 });
    return id;
  }

  override move(id: DataId, values: Values, _shape: number[], _type: DataType, references: number): void {
    this.stored.set(id, { values, references });
  }

  override async read(id: DataId): Promise<Values> {
    return this.readSync(id);
  }

  override readSync(id: DataId): Values {
    return this.stored.get(id).values;
  }

  override numDataIds(): number {
    return this.stored.numDataIds();
  }

  override refCount(id: DataId): number {
    return this.stored.has(id) ? this.stored.get(id).references : 0;
  }

  override incRef(id: DataId): void {
    this.stored.get(id).references++;
  }

  override disposeData(id: DataId, force = false): boolean {
    if (!this.stored.has(id)) return true;
    const isLast = --this.stored.get(id).references <= 0 || force;
    if (isLast) this.stored.delete(id);
    return isLast;
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override dispose(): void {
    // The values are garbage collected with this object.
  }
}

let users = 0;

/**
 * Runs work that builds a tfjs model and reads or sets its weights, but computes nothing. If no backend is
 * active, a backend that only stores values is active meanwhile, so that a file can be read without loading
 * any kernels.
 */
export async function withHostMemory<T>(work: () => Promise<T>): Promise<T> {
  if (engine().backendName && engine().backendName !== NAME) return work();
  if (users++ === 0) {
    registerBackend(NAME, () => new HostMemory(), 0);
    await setBackend(NAME);
  }
  try {
    return await work();
  } finally {
    if (--users === 0) removeBackend(NAME);
  }
}
