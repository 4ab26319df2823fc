// Writes the committed file that every later reader of version 1 must go on reading, and the values in it.
// Run only for a new version:
// node --conditions=tersor/source --import tsx packages/compression/test/write-golden.ts
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setBackend } from '@tensorflow/tfjs-core';
import { VERSION } from '@tersor/runtime';
import { weightSlots } from '@tersor/network';
import { packModel } from '../src/pack/pack-model.js';
import { withEncodedWeights } from '../src/policy/quantized-graph.js';
import { goldenModel } from './golden-graph.js';

async function main(): Promise<void> {
  await setBackend('cpu');
  const { graph, encoded } = await goldenModel();
  const path = join(__dirname, `../../runtime/test/golden-v${VERSION}`);
  const values = weightSlots(withEncodedWeights(graph, encoded)).map(({ layer, weight }) => [
    `${layer.name}/${weight.name}`,
    { shape: weight.shape, values: [...weight.data] },
  ]);
  writeFileSync(`${path}.tersor`, packModel(graph, encoded));
  writeFileSync(`${path}.json`, JSON.stringify(Object.fromEntries(values)));
}

void main();
