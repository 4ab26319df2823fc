import { readFileSync } from 'node:fs';

/**
 * The most memory that this process has held at once since it started, in bytes: the peak of its resident
 * set, as the operating system counts it. That is everything: tensors, weights in native libraries and
 * WebAssembly, images, V8's heap, the program itself, and freed memory that the C library keeps. Memory of a
 * GPU is not in it.
 */
export function peakResidentBytes(): number {
  return peakOfProgram() ?? peakOfProcess();
}

/**
 * On Linux, the peak of the program that runs in this process now ("high water mark" in proc(5)); undefined
 * elsewhere. What getrusage(2) tells begins with the peak of the process that started this one.
 */
function peakOfProgram(): number | undefined {
  try {
    const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1')) ?? [];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  } catch {
    return undefined;
  }
}

function peakOfProcess(): number {
  const { maxRSS } = process.resourceUsage();
  // Kilobytes, but bytes on macOS under libuv before 1.48, as Node 20 has it. A peak in kilobytes is far
  // below what is resident now in bytes.
  return maxRSS >= process.memoryUsage.rss() ? maxRSS : maxRSS * 1024;
}
