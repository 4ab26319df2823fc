/** A layer's config. TensorFlow.js converts its keys and words to camel case. */
export interface LayerConfig {
  readonly name?: string;
  readonly trainable?: boolean;
  readonly [key: string]: unknown;
}

/** Values for rows and columns. */
export type Pair = readonly [number, number];

/** Padding before and after the rows, and before and after the columns. */
export type Sides = readonly [Pair, Pair];

/** Reads an integer of at least `least`; `otherwise` is the default. Throws `Error`. */
export function integer(config: LayerConfig, key: string, least: number, otherwise?: number): number {
  return requireInteger(config, key, config[key] ?? otherwise, least);
}

/** Reads a finite number; `otherwise` is the default. Throws `Error`. */
export function finite(config: LayerConfig, key: string, otherwise?: number): number {
  const value = config[key] ?? otherwise;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw wrong(config, key, 'a number');
}

/** Reads two integers of at least `least`, or one for both. Throws `Error`. */
export function pair(config: LayerConfig, key: string, least: number, otherwise?: unknown): Pair {
  const value = config[key] ?? otherwise;
  const both = Array.isArray(value) ? value : [value, value];
  if (both.length !== 2) throw wrong(config, key, 'one number or two');
  return [requireInteger(config, key, both[0], least), requireInteger(config, key, both[1], least)];
}

/** Reads non-negative paddings of all four sides. Throws `Error`. */
export function sides(config: LayerConfig, key: string): Sides {
  const value = config[key];
  if (!Array.isArray(value) || value.length !== 2 || !value.every((side) => Array.isArray(side)))
    throw wrong(config, key, '[[top, bottom], [left, right]]');
  return [pair({ ...config, [key]: value[0] }, key, 0), pair({ ...config, [key]: value[1] }, key, 0)];
}

/** Reads one of a few words, in camel case; the first is the default. Throws `Error`. */
export function word<Word extends string>(
  config: LayerConfig,
  key: string,
  words: readonly [Word, ...Word[]],
): Word {
  const value = config[key] ?? words[0];
  const found = words.find((each) => each === value || snakeCase(each) === value);
  if (found !== undefined) return found;
  throw wrong(config, key, `one of ${words.map(snakeCase).join(', ')}`);
}

/** Whether the input of a layer is a list of tensors or shapes. */
export function isList<Input>(inputs: Input | Input[]): inputs is Input[] {
  return Array.isArray(inputs) && typeof inputs[0] === 'object' && inputs[0] !== null;
}

/** The only tensor or shape in the input of a layer. */
export function single<Input>(inputs: Input | Input[]): Input {
  return isList(inputs) ? inputs[0]! : inputs;
}

/** The error for an invalid config, or for an input that does not fit it. */
export function wrong({ name }: { readonly name?: string }, key: string, wanted: string): Error {
  return new Error(`"${key}" of the layer "${name ?? ''}" must be ${wanted}.`);
}

function requireInteger(config: LayerConfig, key: string, value: unknown, least: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number;
  throw wrong(config, key, `whole numbers of at least ${least}`);
}

function snakeCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
