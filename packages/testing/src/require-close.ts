import { requireRule } from './contract-failure.js';

/** Throws a `ContractError` unless two numbers are the same. */
export function requireEqual(member: string, found: number, expected: number): void {
  requireRule(found === expected, { member, expected: String(expected), found: String(found) });
}

/**
 * Throws a `ContractError` unless two arrays are as long and differ by at most `tolerance` in every value.
 */
export function requireClose(
  member: string,
  found: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): void {
  requireEqual(`${member} length`, found.length, expected.length);
  for (let i = 0; i < found.length; i++) {
    const isClose = Math.abs(found[i]! - expected[i]!) <= tolerance;
    requireRule(isClose, {
      member,
      expected: `${expected[i]} at ${i}, within ${tolerance}`,
      found: String(found[i]),
    });
  }
}
