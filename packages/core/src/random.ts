/** A stream of random numbers: deterministic by seed, and its state can be saved. */
export interface Random {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
  /** Uniform integer in 0..below-1. */
  integer(below: number): number;
  /** The numbers 0..count-1 in random order. */
  permutation(count: number): number[];
  /** The generator's state, to go on from later. */
  save(): number;
  load(state: number): void;
}

/**
 * Makes a stream from a seed and a name: streams of different names are independent, so that drawing from one
 * never shifts another. Generator: splitmix-style 32-bit counter with two rounds of mixing (as mulberry32);
 * fast, and good enough for exploration noise.
 */
export function createRandom(seed: number, name = ''): Random {
  let state = hash(seed, name);
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const integer = (below: number) => Math.floor(uniform() * below);
  return {
    uniform,
    integer,
    // Box-Muller without keeping the second value: one number of state is all there is to save.
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    permutation: (count) => {
      const order = Array.from({ length: count }, (_, i) => i);
      for (let i = count - 1; i > 0; i--) {
        const j = integer(i + 1);
        [order[i], order[j]] = [order[j]!, order[i]!];
      }
      return order;
    },
    save: () => state,
    load: (saved) => void (state = saved | 0),
  };
}

/** FNV-1a over the name, started from the seed. */
function hash(seed: number, name: string): number {
  let value = Math.imul((seed | 0) ^ 0x811c9dc5, 0x01000193);
  for (let i = 0; i < name.length; i++) value = Math.imul(value ^ name.charCodeAt(i), 0x01000193);
  return value ^ (value >>> 16);
}
