import { messageOf, parseOptions, TersorError, type Plugin } from '@tersor/core';

/** What a first config is made from. */
export interface Answers {
  readonly model: string;
  readonly dataset: string;
  /** Of the data set. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Shares that are left: of the multiply-adds, then of the bytes. */
  readonly macs: number;
  readonly bytes: number;
  readonly out: string;
}

/** Asks one question; the answer is never empty, but for `fallback`. */
export type Ask = (question: string, fallback?: string) => Promise<string>;

/** What the command line said: everything may be missing. */
export type Given = Partial<Omit<Answers, 'options'>> & Pick<Answers, 'options'>;

interface Asking {
  /** Undefined where nobody is there to answer. */
  readonly ask: Ask | undefined;
  /** Ids of the data sets that are installed. */
  readonly datasets: readonly string[];
  loadDataset(id: string): Promise<Plugin<'dataset'>>;
}

/**
 * What was given, and what was asked for beside it. Throws `CONFIG_INVALID`, naming the option, for what is
 * missing and cannot be asked for, and for a share out of 0 to 1.
 */
export async function answersOf(given: Given, { ask, datasets, loadDataset }: Asking): Promise<Answers> {
  const need = async (option: string, value: string | undefined, question: string, fallback?: string) => {
    if (value !== undefined) return value;
    if (ask) return ask(question, fallback);
    if (fallback !== undefined) return fallback;
    throw new TersorError('CONFIG_INVALID', `${option} is missing: ${question}.`, {
      hint: 'Give it, or leave --yes out and answer on a terminal.',
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
  const share = async (option: string, value: number | undefined, question: string, fallback: number) =>
    requireShare(option, value ?? Number(await need(option, undefined, question, String(fallback))));
  return {
    model,
    dataset,
    options,
    macs: await share('--macs', given.macs, 'Share of the multiply-adds that may be left', 0.5),
    bytes: await share('--bytes', given.bytes, 'Share of the bytes that may be left', 0.1),
    out: await need('--out', given.out, 'The config to write', 'compress.yaml'),
  };
}

/** Throws `CONFIG_INVALID` for what is no share. */
function requireShare(option: string, value: number): number {
  if (value > 0 && value <= 1) return value;
  throw new TersorError('CONFIG_INVALID', `${option} ${value}: expected a share above 0, up to 1.`);
}

/** Options that a data set cannot do without, beside those that are given and those that scale pixels. */
async function requiredOptions(
  plugin: Plugin<'dataset'>,
  given: Readonly<Record<string, unknown>>,
): Promise<{ name: string; description: string }[]> {
  const scaling = Object.values(plugin.scalings ?? {})[0] ?? {};
  const missing: { name: string; description: string }[] = [];
  // One at a time, as the schema tells what it lacks: any schema can be asked so.
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
