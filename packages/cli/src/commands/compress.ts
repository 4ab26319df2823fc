import { dirname, resolve } from 'node:path';
import { Command } from 'commander';
import { compress, namedByConfig, requireUnharmed } from '@tersor/compression';
import { compressConfigSchema, messageOf, readConfig } from '@tersor/core';
import { writeRunReport } from '@tersor/study';
import { ensureBackendEnvironment } from '../backend-environment.js';
import { createProgress } from '../progress.js';
import { bothEvents, openRunLog } from '../run-log.js';
import { summaryTable } from '../summary-table.js';
import { collect } from '../option-values.js';
import { stopOnInterrupt } from '../stop-on-interrupt.js';

interface Options {
  out?: string;
  set: string[];
  json?: boolean;
  quiet?: boolean;
  resume?: boolean;
  log?: string;
}

/** `tersor compress <config>`: both stages, results into a folder. */
export function compressCommand(): Command {
  return new Command('compress')
    .description('search a pruning and a quantization policy for a model, and write the smaller model')
    .argument('<config>', 'YAML or JSON config')
    .option('--out <dir>', 'output folder (default: "output" of the config)')
    .option('--set <path=value>', 'replace a value of the config; may be repeated', collect, [])
    .option('--resume', 'go on from the checkpoint that a stopped run left in the output folder')
    .option('--json', 'print the summary as JSON')
    .option('--quiet', 'no progress')
    .option('--log <file>', 'append a log for programs: one JSON object per line')
    .action(async (path: string, { out, set, json, quiet, resume, log: logFile }: Options) => {
      const config = await readConfig(path, compressConfigSchema, set);
      ensureBackendEnvironment(config.backend);
      const progress = createProgress({ enabled: !json && !quiet });
      const output = resolve(out ?? config.output);
      const files = [{ name: 'the config', path: resolve(path) }, ...(logFile === undefined ? [] : [{ name: 'the log', path: resolve(logFile) }])];
      if (logFile !== undefined) await requireUnharmed([resolve(logFile)], [files[0]!, ...(await namedByConfig(config, dirname(resolve(path))))], 'Give --log another file.');
      const log = logFile === undefined ? undefined : openRunLog(resolve(logFile));
      const shouldStop = stopOnInterrupt();
      try {
        const summary = await compress({
          config,
          directory: dirname(resolve(path)),
          output,
          alsoRead: files,
          resume: resume === true,
          events: log ? bothEvents(progress.events, log.events) : progress.events,
          shouldStop,
          searchFrom: [process.cwd(), __dirname],
        });
        progress.stop();
        log?.end();
        await reportOn(output);
        process.stdout.write(json ? `${JSON.stringify(summary, undefined, 2)}\n` : `${summaryTable(summary)}\nResults are in ${out ?? config.output}\n`);
      } catch (error) {
        log?.end(error);
        throw error;
      } finally {
        progress.stop();
      }
    });
}

/** Writes report.html. The results are whole without it, so a failure is a note. */
async function reportOn(output: string): Promise<void> {
  try {
    await writeRunReport(output);
  } catch (error) {
    process.stderr.write(`note: report.html could not be written (${messageOf(error)}); the results are complete. Try: tersor report ${output}\n`);
  }
}
