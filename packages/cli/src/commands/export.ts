import { resolve } from 'node:path';
import { Command } from 'commander';
import { backendSlots, modelFiles, openBackend, requireUnharmed } from '@tersor/compression';
import { openModel, stockLayers, witnessOfNoise, writeNetwork, writingFormat } from '@tersor/network';
import { createHost, DEFAULT_BACKEND, grouped, requireWritableFolder } from '@tersor/core';
import { ensureBackendEnvironment } from '../backends/backend-environment.js';
import { checkReading, checkText } from '../checking/check-reading.js';
import { collect, keyValues, modelSource, withModelOptions, type ModelOptions } from '../option-values.js';
import { runAt } from '../run-at.js';

interface Options extends ModelOptions {
  to: string;
  toOption: string[];
  as?: string;
  out: string;
  backend: string;
  check?: boolean;
  json?: boolean;
}

/** `tersor export <model>`: writes a model, or that of a run, in any format that can write. */
export function exportCommand(): Command {
  return withModelOptions(new Command('export'))
    .description('write a model in another format, by default as a LayersModel for stock TensorFlow.js')
    .argument(
      '<model>',
      'model.json, its folder, model.tersor, the folder of a run, or what an installed format reads',
    )
    .option(
      '--to <format>',
      'format to write: layers-model, or a plugin that writes, by id, package or path ("tersor plugins" lists them)',
      'layers-model',
    )
    .option('--to-option <key=value>', 'option of that format; may be repeated', collect, [])
    .option(
      '--as <type>',
      'short for --to-option kernels=<type>; of layers-model: float32 (default), or uint8, a quarter of the bytes, which rounds',
    )
    .requiredOption('--out <dir>', 'folder to write; a model there that Tersor wrote is replaced')
    .option('--backend <name>', 'backend plugin to compute with', DEFAULT_BACKEND)
    .option(
      '--check',
      "first compare the network with the results of the format's own runtime for the file: onnxruntime for ONNX",
    )
    .option('--json', 'print as JSON')
    .action(async (path: string, given: Options) => {
      const { to, as, backend: backendName, json } = given;
      await ensureBackendEnvironment(backendName);
      const out = resolve(given.out);
      const run = given.format === undefined ? await runAt(resolve(path)) : undefined;
      const source = modelSource(run?.model ?? path, given);
      const places = { searchFrom: [__dirname] };
      const own = { ...keyValues(given.toOption, '--to-option'), ...(as !== undefined && { kernels: as }) };
      const format = await writingFormat(to, own, { ...places, place: '--to' });
      const precious = await modelFiles('the model', source, places);
      await requireWritableFolder(out);
      const host = await createHost({
        slots: backendSlots(backendName),
        directory: process.cwd(),
        seed: 1,
        searchFrom: [__dirname],
      });
      try {
        const backend = await openBackend(host);
        await backend.activate();
        const model = await openModel(source, places);
        const activations = run?.activations;
        const quantization = { codes: await model.codes(), ...(activations && { activations }) };
        const graph = await model.read();
        const checked = given.check ? await checkReading(model, graph) : undefined;
        // Now, since what is written may still be refused.
        if (checked && !json) process.stdout.write(checkText(checked));
        // A LayersModel is loaded by stock TensorFlow.js.
        const stock = format.format.id === 'layers-model' ? stockLayers(graph) : graph;
        const written = await writeNetwork(stock, out, format, {
          quantization,
          witness: (stored) => witnessOfNoise(stored, backend),
          beforeReplacing: (paths) => requireUnharmed(paths, precious),
        });
        const bytes = await written.bytes();
        const result = {
          model: path,
          to,
          ...(as !== undefined && { as }),
          out: given.out,
          bytes,
          ...(checked && { checked }),
        };
        process.stdout.write(
          json
            ? `${JSON.stringify({ ...result, path: written.path }, undefined, 2)}\n`
            : `${written.path}: ${grouped(bytes)} bytes, format ${format.format.id}\n`,
        );
      } finally {
        await host.dispose();
      }
    });
}
