import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command } from 'commander';
import {
  modelFiles,
  requireOwnJson,
  requireUnharmed,
  requireOneOutput,
  TERSOR_VERSION,
} from '@tersor/compression';
import { DEFAULT_BACKEND, requireWritableFile, TersorError } from '@tersor/core';
import { profileLatency, readLatencyTable, readNetwork, writeLatencyTable } from '@tersor/network';
import { ensureBackendEnvironment } from '../backends/backend-environment.js';
import { openBackendMeter, type OpenMeter } from '../backends/backend-meter.js';
import { BROWSER_BACKENDS, openBrowserMeter } from '../browser/browser-meter.js';
import { modelSource, wholeNumber, withModelOptions, type ModelOptions } from '../option-values.js';
import { createBar } from '../screen/bar.js';
import { checkTable, otherConditions } from '../tables/latency-check.js';

interface BrowserOptions {
  browser?: boolean;
  browserPath?: string;
  threads?: number;
  allowSoftware?: boolean;
}

interface Options extends ModelOptions, BrowserOptions {
  backend: string;
  counts: number;
  images?: number;
  repeats?: number;
  checks: number;
  seed: number;
  out: string;
  fresh?: boolean;
  json?: boolean;
}

/**
 * Default images per run and number of runs. A page usually gets one image at a time, which takes little
 * time.
 */
const USUAL = { here: { images: 50, repeats: 7 }, inBrowser: { images: 1, repeats: 21 } };

/**
 * `tersor profile <model>`: measures every layer at several channel counts, for a pruning budget in
 * milliseconds.
 */
export function profileCommand(): Command {
  return withModelOptions(new Command('profile'))
    .description(
      'measure how long each layer of a model takes at several channel counts: a table for "prune.budget.latency"',
    )
    .argument('<model>', 'model.json or model.tersor')
    .option('--backend <name>', 'backend plugin; in a browser wasm, webgl or webgpu', DEFAULT_BACKEND)
    .option('--browser', 'measure in a Chromium, through playwright-core')
    .option('--browser-path <file>', 'its program (default: $TERSOR_BROWSER, or the first that is found)')
    .option(
      '--threads <count>',
      'threads of wasm in the browser, which need two headers on your page (default: 1)',
      wholeNumber('--threads', 1),
    )
    .option('--allow-software', 'measure a browser without a graphics card on webgl and webgpu, too')
    .option(
      '--counts <count>',
      'channel counts per axis, in addition to a single channel',
      wholeNumber('--counts', 1),
      4,
    )
    .option('--images <count>', 'images of one run (default: 50, in a browser 1)', wholeNumber('--images', 1))
    .option(
      '--repeats <count>',
      'runs to take the median of (default: 7, in a browser 21)',
      wholeNumber('--repeats', 1),
    )
    .option(
      '--checks <count>',
      'randomly pruned networks that are predicted and measured',
      wholeNumber('--checks', 0),
      3,
    )
    .option('--seed <number>', 'seed of those networks', wholeNumber('--seed', 0), 1)
    .option('--out <file>', 'the table; an existing one is shown, not measured again', 'latency.json')
    .option('--fresh', 'measure again, and replace the file')
    .option('--json', 'print the table as JSON')
    .action(profile);
}

async function profile(path: string, given: Options): Promise<void> {
  const { backend, out, fresh, json, counts, checks, seed } = given;
  requireBrowserOptions(given);
  const source = modelSource(path, given);
  const places = { searchFrom: [__dirname] };
  if (!given.browser) await ensureBackendEnvironment(backend);
  const file = resolve(out);
  const isKnown = !fresh && existsSync(file) && statSync(file).isFile();
  if (!isKnown) await requireWritableFile(file);
  const elsewhere = 'Choose another file with --out.';
  await requireUnharmed([file], await modelFiles('the model', source, places), elsewhere);
  if (fresh) await requireOwnJson(file, (table) => 'transfer' in table, elsewhere);
  const opened = given.browser && isKnown ? undefined : await openMeter(given);
  try {
    const graph = await readNetwork(source, places);
    requireOneOutput(graph, path);
    const versions = { tersor: TERSOR_VERSION, node: process.version, ...opened?.versions };
    const { images, repeats } = { ...USUAL[given.browser ? 'inBrowser' : 'here'], ...timingOf(given) };
    const measure = async ({ meter }: OpenMeter) => {
      const bar = createBar();
      const onProgress = (done: number, total: number, what: string) =>
        process.stderr.isTTY
          ? bar.update({ done, total, unit: 'networks', note: what })
          : process.stderr.write(`  ${done}/${total} ${what}\n`);
      const timing = { counts, images, repeats, checks, seed, ...(!json && { onProgress }) };
      const measured = await profileLatency({ ...timing, graph, meter }).finally(bar.clear);
      return { ...measured, versions: { ...measured.versions, ...versions } };
    };
    const table = isKnown
      ? await readLatencyTable(file, {
          graph,
          backend: opened?.meter.backend ?? backend,
          inBrowser: given.browser === true,
        })
      : await measure(opened!);
    const change = isKnown ? otherConditions(table, versions) : undefined;
    if (change !== undefined)
      process.stderr.write(`note: The table was measured ${change}. --fresh measures again.\n`);
    if (!isKnown) await writeLatencyTable(file, table);
    process.stdout.write(
      json
        ? `${JSON.stringify(table, undefined, 2)}\n`
        : `${checkTable(table)}\n${isKnown ? `From ${out}, measured before; --fresh measures again.` : `Written to ${out}.`}\n`,
    );
  } finally {
    await opened?.close();
  }
}

/** The timing options that were given. */
function timingOf({ images, repeats }: Options): { images?: number; repeats?: number } {
  return { ...(images !== undefined && { images }), ...(repeats !== undefined && { repeats }) };
}

/** Throws `CONFIG_INVALID` for browser options without --browser, and for a backend that browsers lack. */
function requireBrowserOptions({ browser, backend, ...given }: Options): void {
  const alone = (['browserPath', 'threads', 'allowSoftware'] as const).find(
    (name) => given[name] !== undefined,
  );
  const option = alone && `--${alone.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`)}`;
  if (!browser && option)
    throw new TersorError('CONFIG_INVALID', `${option} only applies to measuring in a browser.`, {
      hint: 'Give --browser, too.',
    });
  if (browser && !BROWSER_BACKENDS.some((known) => known === backend))
    throw new TersorError('CONFIG_INVALID', `No browser has the backend "${backend}".`, {
      hint: `With --browser, --backend is one of: ${BROWSER_BACKENDS.join(', ')}.`,
    });
}

async function openMeter({ backend, browser, seed, ...given }: Options): Promise<OpenMeter> {
  if (!browser) return openBackendMeter(backend, seed);
  const { threads = 1, allowSoftware = false, browserPath } = given;
  const meter = await openBrowserMeter({ backend, threads, allowSoftware, path: browserPath });
  return { meter, versions: { chromium: meter.browser!.version }, close: meter.close };
}
