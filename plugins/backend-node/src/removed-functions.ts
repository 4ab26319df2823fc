import util from 'node:util';

/**
 * Gives `node:util` the function `isNullOrUndefined` again, which tfjs-node 4.22 calls in most of its kernels
 * and Node 23 removed: without it the package loads, and the first operation throws. Does nothing where the
 * function is there. It is the only one that is missing: `isArray`, the other old function that tfjs-node
 * calls, is still in Node 26.
 */
export function provideRemovedFunctions(): void {
  const functions = util as { isNullOrUndefined?: (value: unknown) => boolean };
  functions.isNullOrUndefined ??= (value) => value === undefined || value === null;
}
