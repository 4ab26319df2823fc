// Size and decoding speed of the packed format on real networks; writes results.md beside it. One core, no
// backend needed to decode.
// node --conditions=tersor/source --import tsx bench/format/format.ts [folder of model.json]...
import { existsSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { basename, dirname, join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import { setBackend } from '@tensorflow/tfjs-core';
import { encodeGraph, layersWithKernels, packModel } from '@tersor/compression';
import { isKernel, readNetwork, weightSlots } from '@tersor/network';
import type { EncodedTensor, LayerGraph, Quantizer } from '@tersor/core';
import { decodeArtifact } from '@tersor/runtime';
import { KmeansQuantizer } from '../../plugins/quantizer-kmeans/src/kmeans-quantizer.js';
import { LinearQuantizer } from '../../plugins/quantizer-linear/src/linear-quantizer.js';

const BITS = [2, 3, 4, 6, 8];
const ROUNDS = 3;

/**
 * Bytes that the codes take by their empirical entropy, one table of frequencies per array known for nothing.
 */
function entropyBytes(encoded: ReadonlyMap<string, EncodedTensor>): number {
  let bits = 0;
  for (const { codes } of encoded.values()) {
    const counts = new Float64Array(256);
    for (const code of codes) counts[code]! += 1;
    for (const count of counts) if (count > 0) bits -= count * Math.log2(count / codes.length);
  }
  return bits / 8;
}

async function row(name: string, graph: LayerGraph, quantizer: Quantizer, bits: number): Promise<string> {
  const policy = Object.fromEntries(layersWithKernels(graph).map((layer) => [layer.name, bits]));
  const encoded = encodeGraph(quantizer, graph, policy);
  let start = process.cpuUsage().user;
  const packed = packModel(graph, encoded);
  const packing = (process.cpuUsage().user - start) / 1e6;
  const weights = weightSlots(graph).reduce((sum, { weight }) => sum + weight.data.length, 0);
  const kernels = weightSlots(graph)
    .filter(({ weight }) => isKernel(weight))
    .reduce((sum, { weight }) => sum + weight.data.length, 0);
  let best = 0;
  let wall = 0;
  for (let round = 0; round < ROUNDS; round++) {
    start = process.cpuUsage().user;
    const clock = performance.now();
    await decodeArtifact(packed);
    best = Math.max(best, (4 * weights) / (process.cpuUsage().user - start));
    wall = Math.max(wall, (4 * weights) / 1e3 / (performance.now() - clock));
  }
  const plain = (kernels * bits) / 8;
  const cells = [
    name,
    quantizer.id,
    bits,
    packed.length,
    ((4 * weights) / packed.length).toFixed(1),
    `${((100 * packed.length) / plain - 100).toFixed(1)}%`,
    `${((100 * packed.length) / entropyBytes(encoded) - 100).toFixed(1)}%`,
    packing.toFixed(1),
    best.toFixed(0),
    wall.toFixed(0),
  ];
  return `| ${cells.join(' | ')} |`;
}

async function main(): Promise<void> {
  await setBackend('cpu');
  const data = process.env['TERSOR_DATA'] ?? join(__dirname, '../../../shared/data');
  const given = process.argv.slice(2);
  const examples = [
    join(data, 'models/mobilenet_v1_025_224'),
    join(__dirname, '../../examples/vgg-small/model'),
  ];
  const folders = given.length > 0 ? given : examples;
  const lines = [
    '| network | quantizer | bits | file, bytes | times smaller than float32 | against plain codes | against entropy of the codes | packing, CPU s | decoding, MB of float32 per CPU s | per s |',
    '|---|---|---|---|---|---|---|---|---|---|',
  ];
  for (const folder of folders) {
    if (!existsSync(join(folder, 'model.json'))) {
      console.log(`skipped: there is no ${folder}`);
      continue;
    }
    const graph = await readNetwork(join(folder, 'model.json'));
    const quantizers = [
      new LinearQuantizer({ scheme: 'symmetric', granularity: 'channel', scale: 'mse' }),
      new KmeansQuantizer({ granularity: 'tensor', iterations: 50 }, 1),
    ];
    for (const quantizer of quantizers) {
      for (const bits of BITS) {
        lines.push(
          await row(
            basename(folder) === 'model' ? basename(dirname(folder)) : basename(folder),
            graph,
            quantizer,
            bits,
          ),
        );
        console.log(lines.at(-1));
      }
    }
  }
  if (lines.length === 2) return;
  writeFileSync(join(__dirname, 'results.md'), [...HEADING, ...lines, ''].join('\n'));
}

const HEADING = [
  '# Size and decoding speed of the packed format',
  '',
  `Written by \`node --conditions=tersor/source --import tsx bench/format/format.ts\` with Node ${process.version} on ${cpus().length} x ${cpus()[0]?.model.trim()}, load average ${loadavg()[0]!.toFixed(0)}.`,
  'The file holds everything: topology, names, batch norm and biases in float32. "Plain codes" are kernels x bits / 8; the entropy is that of each array\'s codes, with no',
  'tables and no header, so that the file can be below it only where neighbours tell something about a weight. Decoding is `decodeArtifact` on one core, checksums',
  'included, the best of three; by the wall clock other work on the machine counts too.',
  '',
];

void main();
