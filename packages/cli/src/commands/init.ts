import { access, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import { backendSlots, openBackend } from '@tersor/compression';
import {
  compressConfigSchema,
  createHost,
  DEFAULT_BACKEND,
  installedPlugins,
  loadPlugin,
  makeFolder,
  readConfig,
  requireWritableFile,
  TersorError,
  type Plugin,
} from '@tersor/core';
import { readNetwork } from '@tersor/network';
import { ensureBackendEnvironment } from '../backends/backend-environment.js';
import { answersOf, type Ask, type Given } from '../init/answers.js';
import { configText } from '../init/config-text.js';
import { tryScalings, type TriedScaling } from '../init/try-scalings.js';
import { collect, keyValues } from '../option-values.js';
import { createBar } from '../screen/bar.js';
import { coloursFor } from '../screen/colours.js';
import { fitTable } from '../screen/fit-table.js';

interface Options extends Omit<Given, 'options'> {
  option: string[];
  backend: string;
  yes?: boolean;
}

/** `tersor init`: writes a config for a model and data, and checks it by the accuracy of the model. */
export function initCommand(): Command {
  return new Command('init')
    .description('write a config for your model and data, checked by the accuracy of the model')
    .option('--model <path>', 'model.json, .onnx, .keras, .h5, .tersor, or a folder')
    .option('--dataset <name>', 'data set plugin')
    .option(
      '--option <key=value>',
      'option of the data set, for instance dir=data; may be repeated',
      collect,
      [],
    )
    .option('--macs <share>', 'share of the multiply-adds to keep at most (default: 0.5)')
    .option('--bytes <share>', 'share of the bytes to keep at most (default: 0.1)')
    .option('--backend <name>', 'backend plugin', DEFAULT_BACKEND)
    .option('--out <file>', 'the config to write (default: compress.yaml)')
    .option('--yes', 'ask nothing: use defaults for what is not given')
    .action(async ({ option, yes, backend, ...given }: Options) => {
      await ensureBackendEnvironment(backend);
      const places = [process.cwd(), __dirname];
      const sets = (await installedPlugins('dataset', places)).flatMap((entry) =>
        'plugin' in entry ? entry.plugin.id : [],
      );
      const asking = yes || !process.stdin.isTTY ? undefined : askOnTerminal();
      const loadDataset = async (id: string): Promise<Plugin<'dataset'>> =>
        (await loadPlugin('dataset', id, places)).plugin as Plugin<'dataset'>;
      const answers = await answersOf(
        { ...given, options: keyValues(option, '--option') },
        { ask: asking?.ask, datasets: sets, loadDataset },
      ).finally(() => asking?.close());
      const path = resolve(answers.out);
      await requireWritableFile(path);
      await requireNew(path, answers.out);
      const host = await createHost({
        slots: backendSlots(backend),
        directory: process.cwd(),
        seed: 1,
        searchFrom: [__dirname],
      });
      try {
        const opened = await openBackend(host);
        await opened.activate();
        const graph = await readNetwork(resolve(answers.model), { searchFrom: [__dirname] });
        const plugin = await loadDataset(answers.dataset);
        const bar = createBar();
        const tried = await tryScalings({
          graph,
          backend: opened,
          plugin,
          options: answers.options,
          directory: process.cwd(),
          onTry: (name, done, total) => bar.update({ done, total, unit: 'scalings', note: name }),
        }).finally(bar.clear);
        const best = tried[0]!;
        await makeFolder(dirname(path));
        await writeFile(path, configText(answers, { backend, tried: best }), { flag: 'wx' });
        await readConfig(path, compressConfigSchema);
        process.stdout.write(
          `${triedTable(tried)}\n${verdict(tried, graph.calls.at(-1)!.outputShape.at(-1))}`,
        );
        process.stdout.write(`Wrote ${answers.out}. Next: npx tersor compress ${answers.out}\n`);
      } finally {
        await host.dispose();
      }
    });
}

function askOnTerminal(): { ask: Ask; close: () => void } {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const { bold, dim } = coloursFor(process.stderr);
  const ask: Ask = async (question, fallback) => {
    const shown = fallback === undefined ? '' : dim(` [${fallback}]`);
    for (;;) {
      const answer = (await lines.question(`${bold(question)}${shown}: `)).trim();
      if (answer !== '') return answer;
      if (fallback !== undefined) return fallback;
    }
  };
  return { ask, close: () => lines.close() };
}

/** Throws `OUTPUT_FAILED` if the file exists. */
async function requireNew(path: string, name: string): Promise<void> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (isThere)
    throw new TersorError('OUTPUT_FAILED', `${name} already exists.`, {
      hint: 'Choose another file with --out, or move it away.',
    });
}

function triedTable(tried: readonly TriedScaling[]): string {
  const rows = tried.map(({ name, accuracy, images }) => [
    name,
    `${(100 * accuracy).toFixed(1)}%`,
    String(images),
  ]);
  return fitTable({ head: ['pixels scaled as', 'accuracy', 'images'], rows, right: [1, 2] });
}

/** Notes on the result: whether scalings are told apart, and whether the model fits the data at all. */
function verdict([best, second]: readonly TriedScaling[], classes: number | undefined): string {
  const { yellow } = coloursFor(process.stdout);
  const guessing = 1 / (classes ?? 1);
  if (best!.accuracy < 2 * guessing)
    return `${yellow('note:')} no scaling is much better than guessing (${(100 * guessing).toFixed(1)}%): the classes may be in another order, or the model was trained on other data.\n`;
  // About two standard errors.
  const error = 2 * Math.sqrt((best!.accuracy * (1 - best!.accuracy)) / best!.images);
  return second && best!.accuracy - second.accuracy < error
    ? `${yellow('note:')} "${best!.name}" is in the config, but "${second.name}" is not significantly different on so few images. Use the one that the model was trained with.\n`
    : '';
}
