import { messageOf, parseOptions, TersorError, type Plugin } from '@tersor/core';

/** The answers that a config is written from. */
export interface Answers {
  readonly model: string;
  readonly dataset: string;
  /** Options of the data set. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Budgets: share of the multiply-adds, then of the bytes, that may be left. */
  readonly macs: number;
  readonly bytes: number;
  readonly out: string;
}

/** Asks a question; an empty answer means `fallback`, or without one asks again. */
export type Ask = (question: string, fallback?: string) => Promise<string>;

/** Answers from the command line, the shares as they were typed; all may be missing. */
export type Given = Partial<Omit<Answers, 'options' | 'macs' | 'bytes'>> &
  Pick<Answers, 'options'> & { readonly macs?: string; readonly bytes?: string };

interface Asking {
  /** Undefined if there is no terminal to ask on. */
  readonly ask: Ask | undefined;
  /** Ids of the data sets that are installed. */
  readonly datasets: readonly string[];
  loadDataset(id: string): Promise<Plugin<'dataset'>>;
}

/**
 * Completes the given answers by asking for the rest. Throws `CONFIG_INVALID` that names the option if
 * something is missing and cannot be asked for, or a share is not between 0 and 1.
 */
export async function answersOf(given: Given, { ask, datasets, loadDataset }: Asking): Promise<Answers> {
  const need = async (option: string, value: string | undefined, question: string, fallback?: string) => {
    if (value !== undefined) return value;
    if (ask) return ask(question, fallback);
    if (fallback !== undefined) return fallback;
    throw new TersorError('CONFIG_INVALID', `${option} is missing: ${question}.`, {
      hint: 'Set it, or leave out --yes and answer in a terminal.',
    });
  };
  const model = await need(
    '--model',
    given.model,
    'The model (model.json, .onnx, .keras, .tersor, or a folder)',
  );
  const dataset = await need('--dataset', given.dataset, `The data set (${datasets.join(', ')})`);
  const plugin = await loadDataset(dataset);
  const options: Record<string, unknown> = { ...given.options };
  for (const { name, description } of await requiredOptions(plugin, options)) {
    options[name] = await need(`--option ${name}=...`, undefined, `${name} of ${dataset}: ${description}`);
  }
  const share = async (option: string, typed: string | undefined, question: string, fallback: string) =>
    shareOf(option, await need(option, typed, question, fallback));
  return {
    model,
    dataset,
    options,
    macs: await share('--macs', given.macs, 'Share of the multiply-adds that may be left', '0.5'),
    bytes: await share('--bytes', given.bytes, 'Share of the bytes that may be left', '0.1'),
    out: await need('--out', given.out, 'The config to write', 'compress.yaml'),
  };
}

/** Throws `CONFIG_INVALID` for a share that is not above 0 and at most 1. */
function shareOf(option: string, typed: string): number {
  const value = Number(typed);
  if (value > 0 && value <= 1) return value;
  throw new TersorError('CONFIG_INVALID', `${option} ${typed}: expected a share above 0, up to 1.`, {
    hint: 'Half is 0.5.',
  });
}

/** The options that a data set still needs, besides those given and those that scale pixels. */
async function requiredOptions(
  plugin: Plugin<'dataset'>,
  given: Readonly<Record<string, unknown>>,
): Promise<{ name: string; description: string }[]> {
  const scaling = Object.values(plugin.scalings ?? {})[0] ?? {};
  const missing: { name: string; description: string }[] = [];
  // Found by filling in what the schema reports as missing, one at a time: that works with any schema.
  const filled: Record<string, unknown> = { ...scaling, ...given };
  for (;;) {
    const lack = await parseOptions(plugin, filled, 'dataset').then(
      () => undefined,
      (error: unknown) => /: (\w+) is missing(?:: (.*?))?(?:\n|$)/.exec(messageOf(error)),
    );
    if (!lack || lack[1]! in filled) return missing;
    missing.push({ name: lack[1]!, description: (lack[2] ?? '').replace(/\.$/, '') });
    filled[lack[1]!] = '';
  }
}
