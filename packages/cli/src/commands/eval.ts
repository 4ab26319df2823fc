import { Command, Option } from 'commander';
import { backendSlots, createEvaluator, openBackend, requireFitting } from '@tersor/compression';
import { readNetwork } from '@tersor/network';
import { createHost, DEFAULT_BACKEND, percent, TOKENS, type Split } from '@tersor/core';
import { ensureBackendEnvironment } from '../backends/backend-environment.js';
import { createBar } from '../screen/bar.js';
import { collect, keyValues, modelSource, withModelOptions, type ModelOptions } from '../option-values.js';

interface Options extends ModelOptions {
  dataset: string;
  option: string[];
  split: Split;
  backend: string;
  json?: boolean;
}

/** `tersor eval <model>`: measures the accuracy of a model on a data set. */
export function evalCommand(): Command {
  return withModelOptions(new Command('eval'))
    .description('measure the accuracy of a model (a LayersModel or a packed .tersor file)')
    .argument('<model>', 'model.json or model.tersor')
    .requiredOption('--dataset <name>', 'data set plugin')
    .option(
      '--option <key=value>',
      'option of the data set, for instance dir=examples/data; may be repeated',
      collect,
      [],
    )
    .addOption(
      new Option('--split <split>', 'which images').choices(['train', 'validation', 'test']).default('test'),
    )
    .option('--backend <name>', 'backend plugin', DEFAULT_BACKEND)
    .option('--json', 'print as JSON')
    .action(async (path: string, given: Options) => {
      const { dataset: use, option, split, backend: backendName, json } = given;
      await ensureBackendEnvironment(backendName);
      const options = keyValues(option, '--option');
      const host = await createHost({
        slots: [{ kind: 'dataset', name: '', path: '--dataset', use, options }, ...backendSlots(backendName)],
        directory: process.cwd(),
        seed: 1,
        searchFrom: [__dirname],
      });
      try {
        const backend = await openBackend(host);
        await backend.activate();
        const graph = await readNetwork(modelSource(path, given), { searchFrom: [__dirname] });
        const dataset = await host.get(TOKENS.dataset);
        requireFitting(graph, dataset, path);
        const evaluator = await createEvaluator({ backend, dataset, split });
        const bar = createBar();
        const total = evaluator.count;
        let done = 0;
        if (!json) bar.update({ done, total, unit: 'images' });
        const onImages = (images: number) => bar.update({ done: (done += images), total, unit: 'images' });
        const accuracy = await evaluator.accuracy(graph, json ? undefined : onImages).finally(bar.clear);
        const result = {
          model: path,
          dataset: use,
          split,
          images: evaluator.count,
          accuracy,
          backend: backend.id,
        };
        process.stdout.write(
          json
            ? `${JSON.stringify(result, undefined, 2)}\n`
            : `${percent(accuracy)} of ${evaluator.count} ${split} images\n`,
        );
      } finally {
        await host.dispose();
      }
    });
}
