import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { createRandom, isTersorError, type Random } from '@tersor/core';
import { channelGroups, cost } from '@tersor/network';
import { onnxBytes, onnxModel } from '../../../test/build-onnx.js';
import { around, PART_CASES } from '../../../test/part-networks.js';
import { createOnnxFormat } from '../../index.js';

const MUTATIONS = 10;
const ODD = [0, -1, 1, 2, 7, -9, 2 ** 31, -(2 ** 40), 2 ** 53].map(BigInt);
/** Nodes before the part: changes of these are tried in the fuzz test of all files. */
const BEFORE = 5;

type Graph = NonNullable<Awaited<ReturnType<typeof onnxModel>>['graph']>;

/** Another attribute, constant, input or operator in a part, or an input less. */
function spoil({ node, initializer }: Graph, random: Random): void {
  const any = <Item>(list: readonly Item[]): Item => list[random.integer(list.length)]!;
  const own = any(node.slice(BEFORE));
  const kind = random.integer(5);
  if (kind === 0 && own.attribute.length > 0) {
    const attribute = any(own.attribute);
    attribute.i = any(ODD);
    if (attribute.ints.length > 0) attribute.ints[random.integer(attribute.ints.length)] = any(ODD);
  } else if (kind === 1) {
    const whole = initializer.filter(({ int64Data }) => int64Data.length > 0);
    if (whole.length > 0) any(whole).int64Data[0] = any(ODD);
  } else if (kind === 2) own.input[random.integer(own.input.length)] = any(initializer).name;
  else if (kind === 3) own.input.splice(random.integer(own.input.length), 1);
  else own.opType = any(node.slice(BEFORE)).opType;
}

it('reads or refuses by code parts that are spoilt, soon', async () => {
  await tf.setBackend('cpu');
  const folder = await mkdtemp(join(tmpdir(), 'tersor-hostile-parts-'));
  const path = join(folder, 'net.onnx');
  const random = createRandom(3, 'parts');
  const found = new Map<string, number>();
  try {
    for (const part of Object.values(PART_CASES))
      for (let i = 0; i < MUTATIONS; i++) {
        const message = await onnxModel(around(part));
        for (let change = random.integer(3); change >= 0; change--) spoil(message.graph!, random);
        await writeFile(path, await onnxBytes(message));
        const start = performance.now();
        const outcome = await createOnnxFormat()
          .read(path)
          .then((graph) => {
            channelGroups(graph);
            cost(graph);
            return 'read';
          })
          .catch((error: unknown) => {
            if (isTersorError(error)) return error.code;
            throw error;
          });
        expect(performance.now() - start).toBeLessThan(5000);
        found.set(outcome, (found.get(outcome) ?? 0) + 1);
      }
  } finally {
    await rm(folder, { recursive: true });
  }
  expect(
    [...found.keys()].filter((each) => !['read', 'MODEL_UNSUPPORTED', 'MODEL_INVALID'].includes(each)),
  ).toEqual([]);
  expect(found.get('read')).toBeGreaterThan(20);
  expect(found.get('MODEL_UNSUPPORTED')).toBeGreaterThan(100);
}, 120_000);
