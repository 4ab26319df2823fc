// What a refinement without labels gives a quantized network: test accuracy with all kernels at one bit
// width, codes chosen on calibration images, with and without a refinement on training images after it.
// node --conditions=tersor/source --import tsx bench/weights/refine.ts [CONFIG.yaml] [--bits 3,2]
//     [--seeds 1,2,3] [--quantizers linear,kmeans] [--refine '{"steps":100}'] [--name NAME] [--backend node]
// CONFIG names model and data set, as that of `tersor compress` does. Writes results/refine.json row by row;
// rows that it has are not run again.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { compress } from '@tersor/compression';
import { compressConfigSchema, describeMachine, readConfig } from '@tersor/core';

const ROOT = resolve(__dirname, '../..');
const FILE = join(__dirname, 'results/refine.json');

const { values: options, positionals } = parseArgs({
  options: {
    bits: { type: 'string', default: '3,2' },
    seeds: { type: 'string', default: '1' },
    quantizers: { type: 'string', default: 'linear' },
    refine: { type: 'string', default: '{ "steps": 100 }' },
    name: { type: 'string' },
    backend: { type: 'string', default: 'node' },
  },
  allowPositionals: true,
});

interface Row {
  readonly quantizer: string;
  readonly bits: number;
  readonly seed: number;
  readonly refine?: Record<string, unknown>;
}

const readResults = () =>
  existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, { rows: Row[] }>) : {};

async function main(): Promise<void> {
  const path = resolve(positionals[0] ?? join(ROOT, 'examples/vgg-small/quantize.yaml'));
  const name = options.name ?? basename(path, '.yaml');
  const { model, dataset } = await readConfig(path, compressConfigSchema);
  const refinements = [undefined, JSON.parse(options.refine) as Record<string, unknown>];
  const wanted = options.seeds
    .split(',')
    .flatMap((seed) => options.bits.split(',').map((bits) => ({ seed: Number(seed), bits: Number(bits) })))
    .flatMap((row) => options.quantizers.split(',').map((quantizer) => ({ quantizer, ...row })))
    .flatMap((row): Row[] => refinements.map((refine) => ({ ...row, ...(refine && { refine }) })));
  for (const row of wanted) {
    const keys = ({ quantizer, bits, seed, refine }: Row) => [quantizer, bits, seed, refine];
    if ((readResults()[name]?.rows ?? []).some((done) => isDeepStrictEqual(keys(done), keys(row)))) continue;
    const notices: string[] = [];
    const output = await mkdtemp(join(tmpdir(), 'tersor-refine-'));
    const config = compressConfigSchema.parse({
      model,
      dataset,
      backend: options.backend,
      seed: row.seed,
      quantize: {
        agent: 'uniform',
        search: { episodes: 1 },
        quantizer: { use: row.quantizer, calibrate: {} },
        bits: [row.bits, row.bits],
        budget: { bytes: 1 },
        finetune: { epochs: 0 },
        ...(row.refine && { refine: row.refine }),
      },
      output,
    });
    const run = compress({
      config,
      directory: dirname(path),
      output: join(output, 'out'),
      searchFrom: [join(ROOT, 'packages/cli')],
      events: { onNotice: (text) => notices.push(text) },
    });
    const { baseline, compressed, seconds, versions } = await run.finally(() =>
      rm(output, { recursive: true, force: true }),
    );
    const isUndone = notices.some((text) => text.startsWith('The refinement'));
    const { accuracy, bytes } = compressed;
    console.log(name, JSON.stringify({ ...row, accuracy, bytes, seconds, isUndone }), ...notices);
    const results = readResults();
    const result = {
      config: relative(ROOT, path),
      backend: options.backend,
      baseline: { accuracy: baseline.accuracy, bytes: baseline.bytes },
      versions,
      machine: describeMachine(),
      rows: [...(results[name]?.rows ?? []), { ...row, accuracy, bytes, seconds, isUndone }],
    };
    writeFileSync(FILE, `${JSON.stringify({ ...results, [name]: result }, undefined, 1)}\n`);
  }
}

void main();
