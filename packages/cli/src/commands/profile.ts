import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command } from 'commander';
import {
  backendSlots,
  modelFiles,
  openBackend,
  requireOwnJson,
  requireUnharmed,
  requireOneOutput,
  TERSOR_VERSION,
} from '@tersor/compression';
import {
  DEFAULT_BACKEND,
  describeMachine,
  createHost,
  requireWritableFile,
  type LatencyTable,
} from '@tersor/core';
import { profileLatency, readLatencyTable, readNetwork, writeLatencyTable } from '@tersor/network';
import { ensureBackendEnvironment } from '../backends/backend-environment.js';
import { modelSource, wholeNumber, withModelOptions, type ModelOptions } from '../option-values.js';
import { createBar } from '../screen/bar.js';
import { fitTable } from '../screen/fit-table.js';
import { grouped } from '../tables/figures.js';

interface Options extends ModelOptions {
  backend: string;
  counts: number;
  images: number;
  repeats: number;
  checks: number;
  seed: number;
  out: string;
  fresh?: boolean;
  json?: boolean;
}

/**
 * `tersor profile <model>`: measures every layer at several channel counts, so that pruning can be given a
 * budget in milliseconds.
 */
export function profileCommand(): Command {
  return withModelOptions(new Command('profile'))
    .description(
      'measure how long each layer of a model takes at several channel counts: a table for "prune.budget.latency"',
    )
    .argument('<model>', 'model.json or model.tersor')
    .option('--backend <name>', 'backend plugin', DEFAULT_BACKEND)
    .option(
      '--counts <count>',
      'channel counts per axis, besides a single channel',
      wholeNumber('--counts', 1),
      4,
    )
    .option(
      '--images <count>',
      'images of one run; 1 for the time of a single image',
      wholeNumber('--images', 1),
      50,
    )
    .option('--repeats <count>', 'runs that the median is taken of', wholeNumber('--repeats', 1), 7)
    .option(
      '--checks <count>',
      'randomly pruned networks that are predicted and measured',
      wholeNumber('--checks', 0),
      3,
    )
    .option('--seed <number>', 'seed of those networks', wholeNumber('--seed', 0), 1)
    .option(
      '--out <file>',
      'the table; one that is there already is shown, not measured again',
      'latency.json',
    )
    .option('--fresh', 'measure again, and replace the file')
    .option('--json', 'print the table as JSON')
    .action(async (path: string, given: Options) => {
      const { backend: name, out, fresh, json, format, formatOption, ...settings } = given;
      const source = modelSource(path, { ...(format !== undefined && { format }), formatOption });
      const places = { searchFrom: [__dirname] };
      await ensureBackendEnvironment(name);
      const file = resolve(out);
      const isKnown = !fresh && existsSync(file) && statSync(file).isFile();
      if (!isKnown) await requireWritableFile(file);
      const elsewhere = 'Choose another file with --out.';
      await requireUnharmed([file], await modelFiles('the model', source, places), elsewhere);
      if (fresh) await requireOwnJson(file, (table) => 'transfer' in table, elsewhere);
      const host = await createHost({
        slots: backendSlots(name),
        directory: process.cwd(),
        seed: settings.seed,
        searchFrom: [__dirname],
      });
      try {
        const backend = await openBackend(host);
        await backend.activate();
        const graph = await readNetwork(source, places);
        requireOneOutput(graph, path);
        const bar = createBar();
        const onProgress = (done: number, total: number, what: string) =>
          process.stderr.isTTY
            ? bar.update({ done, total, unit: 'networks', note: what })
            : process.stderr.write(`  ${done}/${total} ${what}\n`);
        const { source: plugin, version } = host.wired[0]!;
        const versions = {
          tersor: TERSOR_VERSION,
          node: process.version,
          ...(version !== undefined && { [plugin]: version }),
        };
        const measure = async () => {
          const measured = await profileLatency({
            ...settings,
            graph,
            backend,
            ...(!json && { onProgress }),
          }).finally(bar.clear);
          return { ...measured, versions: { ...measured.versions, ...versions } };
        };
        const table = isKnown
          ? await readLatencyTable(file, { graph, backend: backend.id })
          : await measure();
        if (isKnown) noteOtherConditions(table, versions);
        if (!isKnown) await writeLatencyTable(file, table);
        process.stdout.write(
          json
            ? `${JSON.stringify(table, undefined, 2)}\n`
            : `${checkTable(table)}\n${isKnown ? `From ${out}, measured before; --fresh measures again.` : `Written to ${out}.`}\n`,
        );
      } finally {
        await host.dispose();
      }
    });
}

/**
 * Says what has changed since a table was measured: times of another machine or version need not hold here.
 */
function noteOtherConditions(
  { machine, versions: before }: LatencyTable,
  versions: Readonly<Record<string, string>>,
): void {
  const other = Object.keys(versions).find(
    (name) => before[name] !== undefined && before[name] !== versions[name],
  );
  const here = describeMachine();
  const change =
    machine !== here
      ? `on ${machine}, and this is ${here}`
      : other !== undefined
        ? `with ${other} ${before[other]}, and this is ${versions[other]}`
        : undefined;
  if (change !== undefined)
    process.stderr.write(`note: The table was measured ${change}. --fresh measures again.\n`);
}

/** How well the table predicts whole networks, for people. */
function checkTable({ layers, check, backend, machine, images }: LatencyTable): string {
  const rows = check.map(({ network, macs, predicted, measured, relativeError }) => [
    network,
    grouped(macs),
    String(predicted),
    String(measured),
    `${relativeError >= 0 ? '+' : ''}${(relativeError * 100).toFixed(1)}%`,
  ]);
  const head = ['network', 'MACs', 'predicted ms', 'measured ms', 'error'];
  return `${fitTable({ head, rows, right: [1, 2, 3, 4] })}\n${layers.length} layers, milliseconds for one image in runs of ${images}, backend ${backend}, ${machine}`;
}
