/**
 * Settings of glibc's allocator that must stand in the environment before the process starts. TensorFlow
 * allocates every result anew; by default glibc takes large blocks from the kernel with `mmap` and hands them
 * back at once, so each operation pays a page fault per 4 kB of output, which costs more than the arithmetic
 * of most layers. With these, freed memory stays in the process and is used again.
 */
const ALLOCATOR_SETTINGS = { MALLOC_MMAP_MAX_: '0', MALLOC_TRIM_THRESHOLD_: '100000000000' } as const;

interface ReportHeader {
  readonly glibcVersionRuntime?: string;
}

/**
 * Environment variables with which a process that uses this backend should be started; none where they do
 * nothing (not glibc). They cannot be set from inside a running process: glibc reads them once, when it
 * starts.
 */
export function nodeEnvironment(): Record<string, string> {
  return usesGlibc() ? { ...ALLOCATOR_SETTINGS } : {};
}

/** Whether this process was started with all of `nodeEnvironment()`; `not needed` where that is empty. */
export function allocatorTuning(): 'set' | 'not set' | 'not needed' {
  const wanted = Object.entries(nodeEnvironment());
  if (wanted.length === 0) return 'not needed';
  return wanted.every(([name, value]) => process.env[name] === value) ? 'set' : 'not set';
}

let glibc: boolean | undefined;

function usesGlibc(): boolean {
  if (process.platform !== 'linux') return false;
  glibc ??= (process.report.getReport() as { header: ReportHeader }).header.glibcVersionRuntime !== undefined;
  return glibc;
}
