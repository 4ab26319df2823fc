import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import {
  backendSlots,
  exportUint8,
  modelFiles,
  openBackend,
  requireFreeModelFolder,
} from '@tersor/compression';
import {
  modelBytes,
  readNetwork,
  requireModelFile,
  witnessOfNoise,
  writeModel,
  type WrittenFile,
} from '@tersor/network';
import { createHost, requireWritableFolder, type LayerGraph } from '@tersor/core';
import { modelSource, withModelOptions, type ModelOptions } from '../option-values.js';
import { grouped } from '../tables/summary-table.js';

interface Options extends ModelOptions {
  as: 'float32' | 'uint8';
  out: string;
  json?: boolean;
}

/** `tersor export <model>`: a LayersModel folder that stock tfjs loads with no decoder. */
export function exportCommand(): Command {
  return withModelOptions(new Command('export'))
    .description('write a model as a LayersModel folder that stock TensorFlow.js loads with no decoder')
    .argument('<model>', 'model.json, its folder, or model.tersor')
    .addOption(
      new Option('--as <type>', 'what kernels are stored as; uint8 is a quarter of the bytes, and rounds')
        .choices(['float32', 'uint8'])
        .default('float32'),
    )
    .requiredOption('--out <dir>', 'folder to write; one that is there is replaced')
    .option('--json', 'print as JSON')
    .action(async (path: string, given: Options) => {
      const { as, out, json } = given;
      const source = modelSource(path, given);
      const places = { searchFrom: [__dirname] };
      await requireFreeModelFolder(resolve(out), await modelFiles('the model', source, places));
      await requireWritableFolder(resolve(out));
      const host = await createHost({
        slots: backendSlots('wasm'),
        directory: process.cwd(),
        seed: 1,
        searchFrom: [__dirname],
      });
      try {
        const backend = await openBackend(host);
        await backend.activate();
        const graph = await readNetwork(source, places);
        const check = async (file: WrittenFile, stored: LayerGraph) =>
          requireModelFile(file, await witnessOfNoise(stored, backend));
        if (as === 'uint8') await exportUint8(graph, resolve(out), check);
        else await writeModel(graph, resolve(out), (file) => check(file, graph));
        const bytes = await modelBytes(resolve(out, 'model.json'));
        process.stdout.write(
          json
            ? `${JSON.stringify({ model: path, as, out, bytes }, undefined, 2)}\n`
            : `${out}: ${grouped(bytes)} bytes, kernels in ${as}\n`,
        );
      } finally {
        await host.dispose();
      }
    });
}
