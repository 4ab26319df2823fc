// What the single files have in place of fflate: they are for browsers, and those that run them inflate by themselves.
export function Unzlib() {
  throw new Error('This browser has no DecompressionStream; browsers have it since 2023.');
}
