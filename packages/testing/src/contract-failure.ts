import { AssertionError } from 'node:assert';
import type { PluginKind } from '@tersor/core';
import type { Failure } from './contract.js';

/** What a broken rule says: the member of the contract, what it promises and what was found. */
export interface Finding {
  readonly member: string;
  readonly expected: string;
  readonly found: string;
}

/** Thrown by a case whose rule is broken. */
export class ContractError extends Error {
  override readonly name = 'ContractError';

  constructor(readonly finding: Finding) {
    super(`${finding.member}: expected ${finding.expected}; found ${finding.found}`);
  }
}

/** Throws a `ContractError` unless the rule holds. */
export function requireRule(holds: boolean, finding: Finding): asserts holds {
  if (!holds) throw new ContractError(finding);
}

/** Page of the documentation that explains the rules of a kind, one heading per rule. */
export function rulePage(kind: PluginKind, rule: string): string {
  return `docs/guide/plugins-contracts.md#${ruleAnchor(`${kind}: ${rule}`)}`;
}

/** The anchor that the documentation site gives a heading. */
export function ruleAnchor(heading: string): string {
  return heading.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '');
}

/** A failed case in words: rule, member, expected, found, and the page that explains it. */
export function describeFailure(kind: PluginKind, { name, error }: Failure): string {
  const { member, expected, found } = findingOf(error);
  return [`${name}`, `  member    ${member}`, `  expected  ${expected}`, `  found     ${found}`, `  rule      ${rulePage(kind, name)}`].join('\n');
}

function findingOf(error: unknown): Finding {
  if (error instanceof ContractError) return error.finding;
  if (error instanceof AssertionError && !error.generatedMessage) return { member: '-', expected: 'the rule to hold', found: error.message };
  if (error instanceof AssertionError) return { member: '-', expected: short(error.expected), found: short(error.actual) };
  return { member: '-', expected: 'no exception', found: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
}

function short(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}
