import { writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import { trainModel } from '@tersor/compression';
import {
  makeFolder,
  percent,
  readConfig,
  requireWritableFolder,
  TersorError,
  trainConfigSchema,
} from '@tersor/core';
import { ensureBackendEnvironment } from '../backends/backend-environment.js';
import { sayPlace } from '../output-place.js';
import { collect } from '../option-values.js';
import { createBar } from '../screen/bar.js';
import { noteOn } from '../screen/progress.js';
import { createSavingClock } from '../stopping/saving-clock.js';
import { stopOnInterrupt, type Stopping } from '../stopping/stop-on-interrupt.js';

interface Options {
  out?: string;
  set: string[];
  json?: boolean;
  resume?: boolean;
}

/** `tersor train <config>`: trains a network from scratch. */
export function trainCommand(): Command {
  return new Command('train')
    .description('train a network from scratch and write it as a LayersModel')
    .argument('<config>', 'YAML or JSON config')
    .option('--out <dir>', 'output folder (default: "output" of the config)')
    .option('--set <path=value>', 'replace a value of the config; may be repeated', collect, [])
    .option('--resume', 'continue from the checkpoint that an interrupted run left')
    .option('--json', 'print the result as JSON')
    .action(async (path: string, { out, set, json, resume }: Options) => {
      const config = await readConfig(path, trainConfigSchema, set);
      await ensureBackendEnvironment(config.backend, dirname(resolve(path)));
      const output = resolve(out ?? config.output);
      sayPlace(path, config.output, out);
      await requireWritableFolder(output);
      await makeFolder(dirname(output));
      const bar = createBar();
      const clock = createSavingClock();
      const go = ({ isAsked, begin }: Stopping) =>
        trainModel({
          config,
          directory: dirname(resolve(path)),
          output,
          searchFrom: [process.cwd(), __dirname],
          onStep: (done, total, step) => {
            begin();
            clock.hear({ stage: 'prune-finetune', done, total, unit: 'steps', ...step });
            const note = `loss ${step.loss.toFixed(3)}, accuracy ${percent(step.accuracy)}`;
            if (!json) bar.update({ done, total, unit: 'steps', note });
          },
          checkpoint: `${output}.checkpoint`,
          command: { args: process.argv.slice(2), directory: process.cwd() },
          resume: resume === true,
          alsoRead: [{ name: 'the config', path: resolve(path) }],
          onNotice: noteOn(bar.clear),
          onEpoch: (record) => {
            bar.clear();
            process.stderr.write(
              `epoch ${record.epoch}/${config.train.epochs}: loss ${record.loss.toFixed(4)}, training ${percent(record.accuracy)}, validation ${percent(record.validation)}, ${record.seconds.toFixed(0)} s\n`,
            );
            // Not after the last epoch: there is little left to do.
            if (isAsked() && record.epoch < config.train.epochs)
              throw new TersorError('INTERRUPTED', 'Stopped as requested.', {
                hint: 'Continue with the same command and --resume.',
              });
          },
        });
      const display = { clear: bar.clear, waitingFor: clock.waitingFor };
      const summary = await stopOnInterrupt(go, display).finally(bar.end);
      const text = JSON.stringify(summary, undefined, 2);
      await writeFile(join(output, 'training.json'), `${text}\n`);
      process.stdout.write(
        json
          ? `${text}\n`
          : `validation ${percent(summary.accuracy.validation)}, test ${percent(summary.accuracy.test)}; the model is in ${out ?? config.output}\n`,
      );
    });
}
