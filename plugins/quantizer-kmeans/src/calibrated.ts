import type { CodebookTensor, KernelMoments, QuantizerInput } from '@tersor/core';
import {
  bestValues,
  betterCodes,
  codeProblem,
  codesOf,
  columnGroups,
  compensatedCodes,
  descend,
  type CodeProblem,
  type Codes,
  type Levels,
} from '@tersor/network';
import { sortWeighted, type SortedValues } from './cluster.js';
import { bookOf, sortBook, storedValue } from './code-book.js';

/** Rounds of coordinate descent on the codes, each followed by a refit of the code books. */
const ROUNDS = 3;

interface Books extends Levels {
  readonly bits: number;
  readonly codebook: Float32Array;
  /** To be called when the code book has changed. */
  sort(): void;
}

/**
 * Code books and codes that keep the outputs of a layer close, on the inputs that the moments are of: k-means
 * of the target weights, each error weighted with the mean square of its input; error compensation; then
 * coordinate descent and least-squares refits of the code books in turn. Groups whose outputs would be no
 * closer than those of `nearest` keep what they have there.
 * @param cluster k-means of sorted values to at most so many centroids
 */
export function calibratedTensor(
  { data, shape }: QuantizerInput,
  nearest: CodebookTensor,
  moments: KernelMoments,
  cluster: (sorted: SortedValues, count: number) => Float64Array,
): CodebookTensor {
  const problem = codeProblem(data, moments);
  if (!problem) return nearest;
  const { bits, axis } = nearest;
  const groups = columnGroups(problem, shape, axis);
  const books = booksOf(nearest.codebook.slice(), bits, groups, problem);
  setBooks(problem, books, cluster);
  let found = compensatedCodes(problem, books);
  for (let i = 0; i < ROUNDS; i++) {
    descend(problem, books, found);
    refitBooks(problem, books, found);
    found = codesOf(problem, books, found.codes);
  }
  descend(problem, books, found);
  return betterOf(problem, nearest, books, found);
}

function booksOf(codebook: Float32Array, bits: number, groups: Uint32Array, problem: CodeProblem): Books {
  const size = 2 ** bits;
  const order = new Uint8Array(codebook.length);
  const bounds = new Float64Array(codebook.length);
  const zeros = new Map<number, number>();
  const hasZeros = new Set<number>();
  problem.weights.forEach((value, at) => {
    if (value === 0) hasZeros.add(groups[Math.floor(at / problem.inputs)]!);
  });
  const sort = () => {
    for (let group = 0; group * size < codebook.length; group++) {
      sortBook(codebook, order, bounds, group * size, size);
      const zero = codebook.subarray(group * size, (group + 1) * size).indexOf(0);
      if (hasZeros.has(group) && zero >= 0) zeros.set(group, zero);
    }
  };
  sort();
  return {
    bits,
    codebook,
    groups,
    sort,
    nearest: (group, value) => {
      const base = group * size;
      let rank = 0;
      for (let half = size >> 1; half > 0; half >>= 1) if (value >= bounds[base + rank + half]!) rank += half;
      return order[base + rank]!;
    },
    valueOf: (group, code) => codebook[group * size + code]!,
    zeroOf: (group) => zeros.get(group),
  };
}

/** Code books of the targets, instead of those of the weights. */
function setBooks(
  { inputs: n, weights, target, matrices, moments }: CodeProblem,
  books: Books,
  cluster: (sorted: SortedValues, count: number) => Float64Array,
): void {
  const size = 2 ** books.bits;
  const count = books.codebook.length / size;
  const members = Array.from({ length: count }, () => ({
    values: [] as number[],
    masses: [] as number[],
    hasZero: false,
  }));
  for (let at = 0; at < target.length; at++) {
    const column = Math.floor(at / n);
    const member = members[books.groups[column]!]!;
    if (weights[at] === 0) {
      member.hasZero = true;
      continue;
    }
    member.values.push(target[at]!);
    const { loaded } = matrices[Math.floor(column / moments.outputs)]!;
    member.masses.push(loaded[(at % n) * (n + 1)]!);
  }
  members.forEach(({ values, masses, hasZero }, group) => {
    const centroids = cluster(sortWeighted(values, masses), hasZero ? size - 1 : size);
    books.codebook.set(bookOf(centroids, hasZero, size), group * size);
  });
  books.sort();
}

/** Moves the values of all code books to those that fit their codes best. */
function refitBooks(problem: CodeProblem, books: Books, found: Codes): void {
  const size = 2 ** books.bits;
  for (let group = 0; group * size < books.codebook.length; group++) {
    const book = books.codebook.subarray(group * size, (group + 1) * size);
    const values = bestValues(problem, books, found, group, Float64Array.from(book));
    values?.forEach((value, code) => {
      const stored = storedValue(value);
      // A value that became zero would take the place of the zeros.
      if (code !== books.zeroOf(group) && stored !== 0 && Number.isFinite(stored)) book[code] = stored;
    });
  }
  books.sort();
}

/** Of each group the codes that leave less error in the outputs; those of `nearest` where they are level. */
function betterOf(problem: CodeProblem, nearest: CodebookTensor, books: Books, found: Codes): CodebookTensor {
  const { codebook, axis, shape, bits } = nearest;
  const plain = booksOf(codebook, bits, books.groups, problem);
  const { isBetter, codes } = betterCodes(
    problem,
    { codes: found, levels: books },
    { codes: nearest.codes, levels: plain },
  );
  return {
    codec: 'codebook',
    shape,
    bits,
    axis,
    codes,
    codebook: codebook.map((value, entry) => (isBetter[entry >> bits] ? books.codebook[entry]! : value)),
  };
}
