import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  bothEvents,
  compress,
  namedByConfig,
  requireUnharmed,
  type GivenPolicy,
  type PipelineStage,
  type Precious,
} from '@tersor/compression';
import { messageOf, TersorError, type RunIdentity } from '@tersor/core';
import { writeRunReport } from '@tersor/study';
import { ensureBackendEnvironment } from './backends/backend-environment.js';
import { openMeterOf } from './browser/browser-meter.js';
import { createProgress } from './screen/progress.js';
import { createSavingClock } from './stopping/saving-clock.js';
import { sayPlace } from './output-place.js';
import type { PlacedConfig } from './placed-config.js';
import { openRunLog } from './logging/run-log.js';
import { stopOnInterrupt } from './stopping/stop-on-interrupt.js';
import { summaryTable } from './tables/summary-table.js';

/** Stages before there is anything to save. */
const NOTHING_YET: ReadonlySet<PipelineStage> = new Set(['baseline', 'prune-prepare']);

/** Options that `compress` and `apply` share. */
export interface CompressionFlags {
  /** Output folder instead of that of the config. */
  readonly out?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly resume?: boolean;
  readonly log?: string;
  /** File with the identity that the inputs must have. */
  readonly inputs?: string;
}

/**
 * Runs both stages of a config with progress, log and report, and prints the result. With `policy`, applies
 * it instead of searching.
 */
export async function runCompression(
  { config, directory, file }: PlacedConfig,
  { out, json, quiet, resume, log: logFile, inputs }: CompressionFlags,
  policy?: GivenPolicy,
): Promise<void> {
  await ensureBackendEnvironment(config.backend, directory);
  const progress = createProgress({ enabled: !json && !quiet });
  const expected = inputs === undefined ? undefined : await readInputs(inputs);
  const output = resolve(out ?? config.output);
  const own: Precious[] = [];
  if (file !== undefined) {
    sayPlace(file, config.output, out);
    own.push({ name: 'the config', path: resolve(file) });
  }
  if (policy) own.push({ name: 'the policy', path: policy.source });
  if (logFile !== undefined) {
    const places = { directory, searchFrom: [process.cwd(), __dirname] };
    const precious = [...own, ...(await namedByConfig(config, places))];
    await requireUnharmed([resolve(logFile)], precious, 'Choose another file with --log.');
    own.push({ name: 'the log', path: resolve(logFile) });
  }
  const log = logFile === undefined ? undefined : await openRunLog(resolve(logFile));
  try {
    const events = log ? bothEvents(progress.events, log.events) : progress.events;
    const clock = createSavingClock();
    const display = { clear: progress.stop, waitingFor: clock.waitingFor };
    const summary = await stopOnInterrupt(
      ({ isAsked, begin }) =>
        compress({
          config,
          directory,
          output,
          resume: resume === true,
          events: bothEvents(events, {
            onStage: (stage) => !NOTHING_YET.has(stage) && begin(),
            onProgress: clock.hear,
          }),
          alsoRead: own,
          command: { args: process.argv.slice(2), directory: process.cwd() },
          ...(expected && { inputs: expected }),
          ...(policy && { policy }),
          openMeter: openMeterOf,
          shouldStop: isAsked,
          searchFrom: [process.cwd(), __dirname],
        }),
      display,
    );
    progress.stop();
    log?.end();
    await reportOn(output);
    process.stdout.write(
      json
        ? `${JSON.stringify(summary, undefined, 2)}\n`
        : `${summaryTable(summary)}\nResults are in ${out ?? config.output}; look at ${join(out ?? config.output, 'report.html')}\n`,
    );
  } catch (error) {
    log?.end(error);
    throw error;
  } finally {
    progress.end();
  }
}

/** Reads the identity that the inputs must have. Throws `CONFIG_INVALID`. */
async function readInputs(path: string): Promise<RunIdentity> {
  try {
    const { identity, ...rest } = JSON.parse(await readFile(path, 'utf8')) as RunIdentity & {
      identity?: RunIdentity;
    };
    const inputs = identity ?? rest;
    if (typeof inputs.tersor === 'string' && typeof inputs.model === 'object') return inputs;
    throw new Error('It has no "identity".');
  } catch (cause) {
    throw new TersorError('CONFIG_INVALID', `--inputs ${path} cannot be read: ${messageOf(cause)}`, {
      cause,
      hint: 'Give the summary.json of a run, or the "identity" in one.',
    });
  }
}

/** Writes report.html. The results are complete without it, so a failure is only a note. */
async function reportOn(output: string): Promise<void> {
  try {
    await writeRunReport(output);
  } catch (error) {
    process.stderr.write(
      `note: report.html could not be written (${messageOf(error)}); the results are complete. Try: tersor report ${output}\n`,
    );
  }
}
