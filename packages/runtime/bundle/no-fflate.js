// Replaces fflate in the single-file bundles: they are for browsers, and inflate by other means there.
export function Unzlib() {
  throw new Error('This browser has no DecompressionStream; browsers have it since 2023.');
}
