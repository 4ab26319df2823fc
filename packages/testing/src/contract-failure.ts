import { AssertionError } from 'node:assert';
import { isDeepStrictEqual } from 'node:util';
import { isTersorError, type ErrorCode, type PluginKind } from '@tersor/core';
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

/**
 * Throws a `ContractError` unless `act` throws (or rejects with) an error of that code. Errors are told by
 * their code, never by their class: a plugin with node_modules of its own throws those of another copy of
 * @tersor/core.
 */
export async function requireRefusal(
  member: string,
  code: ErrorCode,
  act: () => unknown,
  when = '',
): Promise<void> {
  const thrown: { readonly error?: unknown } = await Promise.resolve()
    .then(act)
    .then(
      () => ({}),
      (error: unknown) => ({ error }),
    );
  const isRefused = isTersorError(thrown.error) && thrown.error.code === code;
  requireRule(isRefused, {
    member,
    expected: `TersorError ${code}${when}`,
    found: 'error' in thrown ? thrownText(thrown.error) : 'no exception',
  });
}

/** Throws a `ContractError` unless two values are the same, member for member. */
export function requireSame(found: unknown, expected: unknown, member: string, what = ''): void {
  requireRule(isDeepStrictEqual(found, expected), {
    member,
    expected: `${what}${what && ': '}${short(expected)}`,
    found: short(found),
  });
}

/** Page of the documentation that explains the rules of a kind, one heading per rule. */
export function rulePage(kind: PluginKind, rule: string): string {
  return `docs/guide/plugins-contracts.md#${ruleAnchor(`${kind}: ${rule}`)}`;
}

/** The anchor that the documentation site gives a heading. */
export function ruleAnchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

/** A failed case in words: rule, member, expected, found, and the page that explains it. */
export function describeFailure(kind: PluginKind, { name, error }: Failure): string {
  const { member, expected, found } = findingOf(error);
  return [
    `${name}`,
    `  member    ${member}`,
    `  expected  ${expected}`,
    `  found     ${found}`,
    `  rule      ${rulePage(kind, name)}`,
  ].join('\n');
}

function findingOf(error: unknown): Finding {
  if (error instanceof ContractError) return error.finding;
  if (error instanceof AssertionError && !error.generatedMessage)
    return { member: '-', expected: 'the rule to hold', found: error.message };
  if (error instanceof AssertionError)
    return { member: '-', expected: short(error.expected), found: short(error.actual) };
  return { member: memberIn(error) ?? '-', expected: 'no exception', found: thrownText(error) };
}

/** Name, code, message, and the line of the plugin that threw. */
function thrownText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = isTersorError(error) ? ` ${error.code}` : '';
  const line = pluginFrames(error)[0];
  return `${error.name}${code}: ${error.message}${line ? ` (${line})` : ''}`;
}

/** The outermost function of the plugin on the stack: the member that the contract had called. */
function memberIn(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const name = pluginFrames(error)
    .at(-1)
    ?.match(/^(.*?) \(/)?.[1];
  return name?.match(/\[as (\w+)\]$/)?.[1] ?? name?.match(/(\w+)$/)?.[1];
}

/** Frames of the stack above the first one of the kit, without `at`. */
function pluginFrames({ stack = '' }: Error): string[] {
  const frames = stack.split('\n').flatMap((line) => line.match(/^\s*at (.*)$/)?.[1] ?? []);
  const kit = frames.findIndex((frame) => frame.includes(__dirname) && !/\.test\.[jt]s/.test(frame));
  return frames.slice(0, kit < 0 ? 0 : kit).filter((frame) => !frame.includes('node:'));
}

function short(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}
