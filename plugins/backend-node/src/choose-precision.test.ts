import type { LayerGraph, Precision } from '@tersor/core';
import { quantizeTask } from '@tersor/testing';
import { describeWhereAvailable, testBackend } from '../test/where-available.js';
import { choosePrecision } from './choose-precision.js';
import { createNodeBackend } from './node-backend.js';

/** Numbers without a pattern that a sum could cancel, in -1..1. */
const spread = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i * 12.9898));

const pixels = (graph: LayerGraph) =>
  graph.calls[graph.inputs[0]!]!.outputShape.reduce<number>((product, size) => product * (size ?? 1), 1);

describe('the choice of a precision', () => {
  /** Sessions on a clock of their own: passes take the given times, in turn. */
  const timed = async (times: Readonly<Record<Precision, readonly number[]>>) => {
    const { graph } = await quantizeTask();
    let clock = 0;
    const passes: Record<Precision, number> = { float32: 0, bfloat16: 0 };
    const disposed: Precision[] = [];
    const batches = new Set<number>();
    const chosen = await choosePrecision(
      async (_graph, { precision }) => ({
        run: async (images) => {
          const list = times[precision];
          clock += list[passes[precision]++ % list.length]!;
          batches.add(images.length / pixels(graph));
          return images;
        },
        dispose: () => void disposed.push(precision),
      }),
      graph,
      spread(8 * pixels(graph)),
      () => clock,
    );
    return { chosen, passes, disposed, batches };
  };

  it('takes bfloat16 where its fastest pass needs at most nine tenths of the time: known answers', async () => {
    const { chosen, passes, disposed, batches } = await timed({
      float32: [900, 128, 100],
      bfloat16: [900, 64, 90],
    });
    // 64 images a pass: the eight that were given, eight times.
    expect([...batches]).toEqual([64]);
    expect(chosen).toEqual({ precision: 'bfloat16', milliseconds: { float32: 100 / 64, bfloat16: 1 } });
    expect(disposed.sort()).toEqual(['bfloat16', 'float32']);
    // Both were timed for half a second at least, in turns.
    expect(passes.float32).toBe(passes.bfloat16);
    expect((await timed({ float32: [100], bfloat16: [91] })).chosen.precision).toBe('float32');
  });

  it('goes by the fastest pass, not by the mean that other programs disturb', async () => {
    const { chosen } = await timed({ float32: [100, 100], bfloat16: [400, 50, 400] });
    expect(chosen.precision).toBe('bfloat16');
  });
});

describeWhereAvailable('precision: auto with tfjs-node', () => {
  it('is float32 until a choice is used, then what was chosen, and leaves no tensor behind', async () => {
    const { graph } = await quantizeTask();
    const backend = createNodeBackend({ precision: 'auto', directories: [__dirname] });
    await backend.activate();
    const images = spread(16 * pixels(graph));
    const runAs = async (precision?: Precision) => {
      const session = await backend.compile(graph, precision && { precision });
      const outputs = await session.run(images);
      session.dispose();
      return outputs;
    };
    const before = backend.memory().tensors;
    const chosen = await backend.choice!.measure(graph, images);
    expect(backend.memory().tensors).toBe(before);
    expect(chosen.milliseconds.float32).toBeGreaterThan(0);
    expect(chosen.milliseconds.bfloat16).toBeGreaterThan(0);
    expect(await runAs()).toEqual(await runAs('float32'));
    backend.choice!.use({ ...chosen, precision: 'bfloat16' });
    expect(await runAs()).toEqual(await runAs('bfloat16'));
    expect(await runAs()).not.toEqual(await runAs('float32'));
    await backend.dispose();
  });

  it('is no choice where a precision was named', () => {
    expect(testBackend().choice).toBeUndefined();
  });
});
