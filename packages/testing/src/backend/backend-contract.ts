import { isTersorError, type Backend, type LayerGraph, type TrainingBatch } from '@tersor/core';
import { requireRule } from '../contract-failure.js';
import type { Case } from '../contract.js';
import { networkCases } from './network-cases.js';
import { observationCases } from './observation-cases.js';
import { pruneContext } from '../pruner/pruner-fixture.js';
import { referenceOutputs } from '../reference-run.js';
import { requireClose, requireEqual } from '../require-close.js';
import { OBJECTIVE, requireSlopes, weightsOf } from './require-slopes.js';

const CLASSES = 3;
/** Steps in which training must lower the loss by a tenth. */
const STEPS = 8;
const ROWS = 40;

/**
 * The promises of a `Backend`, checked on a small residual network whose outputs plain loops compute too, and
 * whose gradients are compared with differences of the loss. `make` gives a new backend. Where it is not
 * available, only its explanation is checked: skip visibly before that.
 *
 * @example
 * describeContract('my backend', backendContract(() => createMyBackend()));
 */
export function backendContract(make: () => Backend): Case[] {
  const using = async (
    check: (backend: Backend) => Promise<void>,
    needs: 'inference' | 'training' = 'inference',
  ) => {
    const backend = make();
    if (!(await backend.isAvailable()).available || (needs === 'training' && !backend.capabilities.training))
      return;
    try {
      await check(backend);
    } finally {
      await backend.dispose();
    }
  };
  return [
    {
      name: 'an unavailable backend gives a reason and an install hint',
      run: async () => {
        const availability = await make().isAvailable();
        const isExplained =
          availability.available || (availability.reason.length > 0 && availability.install.length > 0);
        requireRule(isExplained, {
          member: 'isAvailable()',
          expected: 'a reason and what to install',
          found: JSON.stringify(availability),
        });
      },
    },
    {
      name: 'a session gives what layer by layer prediction gives',
      run: () =>
        using(async (backend) => {
          const { graph, images } = await fixture(7);
          const session = await backend.compile(graph);
          requireClose('compile().run()', await session.run(images), referenceOutputs(graph, images), 1e-4);
          session.dispose();
        }),
    },
    ...networkCases(using),
    {
      name: 'results do not depend on how many images are passed at once',
      run: () =>
        using(async (backend) => {
          const { graph, images } = await fixture(60);
          const session = await backend.compile(graph);
          const size = images.length / 60;
          const single = [];
          for (const i of [0, 31, 59])
            single.push(...(await session.run(images.slice(i * size, (i + 1) * size))));
          const all = await session.run(images);
          requireClose(
            'run()',
            [0, 31, 59].flatMap((i) => [...all.subarray(i * CLASSES, (i + 1) * CLASSES)]),
            single,
            1e-5,
          );
          requireRule((await session.run(new Float32Array())).length === 0, {
            member: 'run()',
            expected: 'no outputs for no images',
            found: 'some',
          });
          session.dispose();
        }),
    },
    {
      name: 'the same input gives the same bits again',
      run: () =>
        using(async (backend) => {
          const { graph, images } = await fixture(60);
          const session = await backend.compile(graph);
          const first = Float32Array.from(await session.run(images));
          requireClose('run()', await session.run(images), first, 0);
          session.dispose();
        }),
    },
    {
      name: 'sessions leave nothing behind',
      run: () =>
        using(async (backend) => {
          const { graph, images } = await fixture(2);
          await backend.activate();
          const before = backend.memory().tensors;
          const session = await backend.compile(graph);
          await session.run(images);
          await session.run(images);
          const held = backend.memory().tensors;
          for (let i = 0; i < 100; i++) await session.run(images);
          requireEqual('memory() over 100 batches', backend.memory().tensors, held);
          session.dispose();
          session.dispose();
          requireEqual('memory() after dispose', backend.memory().tensors, before);
        }),
    },
    {
      name: 'it can be activated and disposed twice',
      run: () =>
        using(async (backend) => {
          const { graph, images } = await fixture(2);
          await backend.activate();
          await backend.activate();
          await backend.dispose();
          await backend.dispose();
          await backend.activate();
          requireClose(
            'run() after dispose',
            await (await backend.compile(graph)).run(images),
            referenceOutputs(graph, images),
            1e-4,
          );
        }),
    },
    {
      name: 'a precision it does not have is refused with PRECISION_UNSUPPORTED',
      run: () =>
        using(async (backend) => {
          if (backend.capabilities.precisions.includes('bfloat16')) return;
          const error = await backend
            .compile((await fixture(0)).graph, { precision: 'bfloat16' })
            .catch((reason: unknown) => reason);
          const isRefused = isTersorError(error) && error.code === 'PRECISION_UNSUPPORTED';
          requireRule(isRefused, {
            member: 'compile()',
            expected: 'PRECISION_UNSUPPORTED',
            found: error instanceof Error ? error.message : 'a session',
          });
        }),
    },
    ...observationCases(using),
    {
      name: 'products of matrices are those of plain loops, if it has them',
      run: () =>
        using(async (backend) => {
          if (!backend.crossProducts) return;
          const [x, y] = [matrix(ROWS * 5, 1), matrix(ROWS * 3, 2)];
          const found = await backend.crossProducts(x, [x, y], ROWS);
          requireEqual('crossProducts().length', found.length, 2);
          requireClose('crossProducts(x, [x])', found[0]!, crossProduct(x, x, ROWS), 1e-4);
          requireClose('crossProducts(x, [y])', found[1]!, crossProduct(x, y, ROWS), 1e-4);
        }),
    },
    {
      name: 'gradients are the slopes of the loss',
      run: () =>
        using(async (backend) => {
          const { graph, batch } = await fixture(3);
          await requireSlopes(backend, 'step()', graph, batch, ({ trainable }) => trainable);
        }, 'training'),
    },
    {
      name: 'training lowers the loss, and the same way each time',
      run: () =>
        using(async (backend) => {
          const losses = await trainedLosses(backend, STEPS);
          requireRule(losses.at(-1)! < 0.9 * losses[0]!, {
            member: 'step().loss',
            expected: `a lower loss after ${STEPS} steps`,
            found: `${losses[0]} to ${losses.at(-1)}`,
          });
          requireClose('step().loss', await trainedLosses(backend, 3), losses.slice(0, 3), 0);
        }, 'training'),
    },
  ];
}

/** Losses over some steps of plain gradient descent. */
async function trainedLosses(backend: Backend, steps: number): Promise<number[]> {
  const { graph, batch } = await fixture(6);
  const session = await backend.compileTraining(graph, OBJECTIVE);
  const weights = weightsOf(graph);
  const trainable = graph.layers.flatMap((layer) => layer.weights.map((weight) => weight.trainable));
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    const { loss, updates } = await session.step(weights, batch);
    losses.push(loss);
    updates.forEach(
      (update, slot) => trainable[slot] && update.forEach((value, k) => (weights[slot]![k]! -= 0.2 * value)),
    );
  }
  session.dispose();
  return losses;
}

async function fixture(
  count: number,
): Promise<{ graph: LayerGraph; images: Float32Array; batch: TrainingBatch }> {
  const { graph, dataset } = pruneContext();
  const { images, labels } = await dataset.read(
    'train',
    Array.from({ length: count }, (_, i) => i),
  );
  return { graph, images, batch: { images, labels, seed: 1 } };
}

/** Values between -1 and 1. */
function matrix(length: number, shift: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => Math.sin(shift + 12.9898 * i));
}

/** X'Y by plain loops. */
function crossProduct(x: Float32Array, y: Float32Array, rows: number): number[] {
  const [height, width] = [x.length / rows, y.length / rows];
  return Array.from({ length: height * width }, (_, at) => {
    let sum = 0;
    for (let row = 0; row < rows; row++)
      sum += x[row * height + Math.floor(at / width)]! * y[row * width + (at % width)]!;
    return sum;
  });
}
