import { resolve } from 'node:path';
import { readValue, TersorError, type ModelSource } from '@tersor/core';
import type { Command } from 'commander';

/** Collects the values of a repeatable option. */
export function collect(value: string, previous: string[]): string[] {
  return [...previous, value];
}

/** Parses `key=value` options, the values with `readValue`. Throws `CONFIG_INVALID`. */
export function keyValues(pairs: readonly string[], option: string): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at <= 0) throw new TersorError('CONFIG_INVALID', `${option} ${pair}: expected key=value.`);
      const key = pair.slice(0, at);
      if (key === '__proto__')
        throw new TersorError('CONFIG_INVALID', `${option} ${pair}: the key "__proto__" cannot be set.`);
      return [key, readValue(pair.slice(at + 1), `${option} ${key}=`)];
    }),
  );
}

/**
 * Throws `CONFIG_INVALID` for an argument or an option of a command that was given as an empty text: no path,
 * number or name is one, and as a path it would be the working directory.
 */
export function requireNoEmpty(command: Command): void {
  const args = command.registeredArguments.map((argument, i) => ({
    name: `<${argument.name()}>`,
    value: command.processedArgs[i] as unknown,
  }));
  const options = command.options
    .filter((option) => command.getOptionValueSource(option.attributeName()) === 'cli')
    .map((option) => ({
      name: option.long,
      value: command.getOptionValue(option.attributeName()) as unknown,
    }));
  for (const { name, value } of [...args, ...options])
    if ([value].flat().includes(''))
      throw new TersorError('CONFIG_INVALID', `${name} is empty: it needs a value.`, {
        hint: 'A shell passes an empty text for a variable that is not set.',
      });
}

/** Options of commands that read a model. */
export interface ModelOptions {
  readonly format?: string;
  readonly formatOption: readonly string[];
}

/** Adds the options that name the format of a model. */
export function withModelOptions(command: Command): Command {
  return command
    .option(
      '--format <plugin>',
      'format of the model: a plugin by id, package or path (default: by the file)',
    )
    .option('--format-option <key=value>', 'option of that format; may be repeated', collect, []);
}

/**
 * The model of a command line, for `openModel`. Throws `CONFIG_INVALID` for format options without a format.
 */
export function modelSource(path: string, { format, formatOption }: ModelOptions): ModelSource {
  if (format !== undefined)
    return { ...keyValues(formatOption, '--format-option'), use: format, path: resolve(path) };
  if (formatOption.length > 0)
    throw new TersorError('CONFIG_INVALID', '--format-option needs --format.', {
      hint: 'Name the format that the option belongs to: --format <plugin>.',
    });
  return resolve(path);
}

/** A parser for an integer option. Throws `CONFIG_INVALID`. */
export function wholeNumber(option: string, smallest: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isInteger(value) || value < smallest)
      throw new TersorError(
        'CONFIG_INVALID',
        `${option} ${text}: expected a whole number of at least ${smallest}.`,
      );
    return value;
  };
}
