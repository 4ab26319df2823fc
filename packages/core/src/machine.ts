import { availableParallelism, cpus } from 'node:os';

/** Platform, processor and cores of this machine. */
export function describeMachine(): string {
  return `${process.platform}-${process.arch}, ${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores`;
}
