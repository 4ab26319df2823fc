import type { Action, LayerBits, LayerGraph, QuantizeTask } from '@tersor/core';
import { bitOperations, cost } from '@tersor/network';
import { correctQuantizer, describeContract, environmentContract, quantizeTask } from '@tersor/testing';
import fc from 'fast-check';
import { quantizeLimits } from '../../test/limits.js';
import { smallQuantizeTask } from '../../test/small-quantize-task.js';
import { createBitChoices, type BitChoices } from './bit-choices.js';
import { createBitWidthEnvironment } from './bit-width-environment.js';
import { createResidualBits } from './residual-bits.js';
import { createResidualBitsEnvironment, residualBitActions } from './residual-bits-environment.js';

const OPTIONS = { scale: 2 };

describeContract(
  'residual environment of stage 2',
  environmentContract(async () => createResidualBitsEnvironment(await quantizeTask(), OPTIONS)),
);

describe('bits around a reference', () => {
  const weightsOf = (bits: readonly LayerBits[]) => bits.map(({ weights }) => weights);
  /** Layers whose bit has a price and an error of its own: known answers. */
  const made = ({ prices, errors, limit }: { prices: number[]; errors: number[]; limit: number }) => {
    const layers = prices.map((_, i) => ({ name: String(i), className: 'Dense', config: {}, weights: [] }));
    const fits = (bits: readonly LayerBits[]) =>
      bits.reduce((sum, { weights }, i) => sum + weights * prices[i]!, 0) <= limit;
    const choices = {
      layers,
      codes: {
        size: ({ name }: { name: string }, bits: number) => bits * prices[Number(name)]!,
      },
      walls: { fits },
    } as unknown as Pick<BitChoices, 'layers' | 'codes' | 'walls'>;
    return (reference: readonly number[]) =>
      createResidualBits(
        { bits: [2, 8] },
        choices,
        (layer, bits) => errors[layer]! * 4 ** -bits,
        reference.map((weights) => ({ weights, activations: 32 })),
        2,
      );
  };

  it('are the reference for residuals of 0, or all of the same size', () => {
    const around = made({ prices: [1, 1, 1], errors: [1, 1, 1], limit: 12 })([5, 4, 3]);
    for (const each of [0, -0.4, 0.7]) {
      expect(weightsOf(around.bits([[each], [each], [each]]))).toEqual([5, 4, 3]);
    }
  });

  it('move by their residuals and a shift that the limit leaves: known answers', () => {
    const around = made({ prices: [1, 1, 1], errors: [1, 1, 1], limit: 12 })([4, 4, 4]);
    expect(weightsOf(around.bits([[1], [0], [-1]]))).toEqual([6, 4, 2]);
    // Levels 6, 4 and 4 cost 14: a shift of just under 0 leaves 5, 3 and 3, and one bit for a fraction.
    expect(around.shift([[1], [0], [0]])).toBeCloseTo(0, 6);
    expect(weightsOf(around.bits([[1], [0], [0]]))).toEqual([5, 4, 3]);
  });

  it('round fractions up where a bit takes most error away per byte', () => {
    const dear = made({ prices: [1, 1], errors: [1, 9], limit: 9 })([4, 4]);
    // Both are at 4.5 less the shift; one of them gets the fifth bit: the one with the larger error.
    expect(weightsOf(dear.bits([[0.1], [0.1]]))).toEqual([4, 5]);
  });

  it('need no shift where the most bits fit', () => {
    const around = made({ prices: [1, 1], errors: [1, 1], limit: 16 })([8, 8]);
    expect(around.shift([[-1], [0.3]])).toBe(0);
    expect(weightsOf(around.bits([[-1], [0.3]]))).toEqual([6, 8]);
  });

  it('are never fewer at a larger shift', () => {
    const around = made({ prices: [1, 2, 3], errors: [1, 1, 1], limit: 24 })([6, 3, 4]);
    const residual = fc.double({ min: -1, max: 1, noNaN: true });
    const shift = fc.double({ min: -8, max: 8, noNaN: true });
    fc.assert(
      fc.property(fc.tuple(residual, residual, residual), shift, shift, (numbers, one, other) => {
        const residuals = numbers.map((number) => [number]);
        const [low, high] = [Math.min(one, other), Math.max(one, other)].map((each) =>
          weightsOf(around.at(residuals, each)),
        );
        low!.forEach((bits, i) => expect(high![i]).toBeGreaterThanOrEqual(bits));
      }),
      { numRuns: 100, seed: 1 },
    );
  });
});

describe('the residual environment of stage 2', () => {
  let graph: LayerGraph;
  let task: QuantizeTask;
  beforeAll(async () => {
    task = await smallQuantizeTask();
    graph = task.graph;
    const limits = quantizeLimits({ bytes: 4 * cost(graph).parameters * 0.17 }, graph);
    task = { ...task, quantizer: correctQuantizer(), limits };
  });

  const play = async (actions: readonly Action[], given = task, options: object = {}) => {
    const environment = await createResidualBitsEnvironment(given, { ...OPTIONS, ...options });
    await environment.reset(1);
    const steps = [];
    for (const action of actions) steps.push(await environment.step(action));
    return steps;
  };
  const bitsOf = (policy: unknown) => Object.values(policy as Record<string, number>);

  it('keeps the bytes of the file, and uses them', async () => {
    const choices = createBitChoices(task);
    const residual = fc.double({ min: -1, max: 1, noNaN: true });
    const magnitude = await choices.heuristics['magnitude']!();
    const around = createResidualBits(task, choices, await choices.errors(), magnitude, 2);
    fc.assert(
      fc.property(fc.tuple(residual, residual, residual), (numbers) => {
        const found = around.bits(numbers.map((number) => [number]));
        expect(choices.walls.fits(found)).toBe(true);
      }),
      { numRuns: 100, seed: 1 },
    );
    const { measures } = (await play([[0.8], [-0.6], [0.1]]))[2]!.info;
    expect(measures!['bytes']).toBeLessThanOrEqual(task.limits[0]!.limit);
    expect(measures!['bytes']).toBeGreaterThan(0.85 * task.limits[0]!.limit);
  });

  it.each(['uniform', 'magnitude'])('carries out the heuristic %s with actions of 0', async (reference) => {
    const walled = createBitWidthEnvironment(task);
    await walled.reset(1);
    const steps = [];
    for (const action of await walled.heuristics![reference]!()) steps.push(await walled.step(action));
    const zeros = await play([[0], [0], [0]], task, { reference });
    expect(zeros[2]!.info.policy).toEqual(steps[2]!.info.policy);
    expect(zeros[2]!.reward).toBe(steps[2]!.reward);
  });

  it('sees, and guesses from, the errors that the task knows', async () => {
    const asked: number[] = [];
    const errors: QuantizeTask['errors'] = async ({ layers, bits }) => {
      asked.push(layers.length, ...bits);
      return (layer, amount) => (layer === 0 ? 1 : 1e-6) * 4 ** -amount;
    };
    const environment = await createResidualBitsEnvironment({ ...task, errors }, OPTIONS);
    expect(asked).toEqual([3, ...task.bits]);
    const guesses = [-1, 0, 1].map((first) => environment.guess!([[first], [0], [0]]));
    // The logarithm of 4 for each bit of the first layer.
    const bits = [-1, 0, 1].map(
      (first) => bitsOf(environment.policyOf!([[first], [0], [0]]) as Record<string, number>)[0]!,
    );
    expect(bits[2]).toBeGreaterThan(bits[0]!);
    guesses.forEach((guess, i) => expect(guess).toBeCloseTo(bits[i]! * Math.log10(4), 2));
    const known = await createResidualBitsEnvironment(task, OPTIONS);
    const features = (from: typeof environment) => from.features!.map((row) => row.slice(10));
    expect(features(environment)).not.toEqual(features(known));
  });

  it('tells what actions change at each layer: its bits, and the size of its error', async () => {
    const errors: QuantizeTask['errors'] = async () => (_layer, amount) => 4 ** -amount;
    const environment = await createResidualBitsEnvironment({ ...task, errors }, OPTIONS);
    const bits = (given: readonly Action[]) => bitsOf(environment.policyOf!(given));
    const [before, after] = [bits([[0], [0], [0]]), bits([[0.9], [-0.5], [0]])];
    expect(after).not.toEqual(before);
    expect(environment.effectsOf!([[0], [0], [0]])).toEqual([0, 0, 0].map(() => [0, 0]));
    environment.effectsOf!([[0.9], [-0.5], [0]]).forEach(([changed, error], i) => {
      const more = after[i]! - before[i]!;
      expect(changed).toBeCloseTo(Math.min(1, Math.max(-1, more / OPTIONS.scale)));
      expect(error).toBeCloseTo(Math.min(1, Math.max(-1, -more * Math.log10(4))));
    });
  });

  it('gives the first layer more bits and the others fewer as its residual rises', async () => {
    const at = async (first: number) => bitsOf((await play([[first], [0], [0]]))[2]!.info.policy);
    const [low, high] = [await at(-1), await at(1)];
    expect(high[0]).toBeGreaterThan(low[0]!);
    expect(high[2]).toBeLessThanOrEqual(low[2]!);
  });

  it('offers agents with discrete actions five residuals for each choice', async () => {
    const discrete = { ...task, discrete: true };
    const environment = await createResidualBitsEnvironment(discrete, OPTIONS);
    expect(environment.actionSpace).toEqual({ type: 'discrete', size: 5 });
    expect((await play([[4], [2], [0]], discrete))[2]!.info.policy).toEqual(
      (await play([[1], [0], [-1]]))[2]!.info.policy,
    );
    const pairs = residualBitActions([4, 8], true);
    expect(pairs.space).toEqual({ type: 'discrete', size: 25 });
    expect(pairs.toResidual([9])).toEqual([-0.5, 1]);
    expect(pairs.toAction([-0.4, 0.9])).toEqual([9]);
  });

  it('chooses the bits of inputs, too, within the bit operations', async () => {
    const range = { least: -1, most: 1 };
    const ranges = Object.fromEntries(
      task.layers.map((name) => [name, Object.fromEntries([4, 5, 6, 7, 8].map((bits) => [bits, range]))]),
    );
    const bops = 0.015 * bitOperations(graph);
    const given: QuantizeTask = {
      ...task,
      activations: { bits: [4, 8], ranges },
      evaluate: async () => ({ accuracy: 0.5 }),
      limits: quantizeLimits({ bytes: task.limits[0]!.limit, bops }, graph),
    };
    const residual = fc.double({ min: -1, max: 1, noNaN: true });
    const choices = createBitChoices(given);
    const uniform = await choices.heuristics['uniform']!();
    const around = createResidualBits(given, choices, await choices.errors(), uniform, 2);
    fc.assert(
      fc.property(fc.array(fc.tuple(residual, residual), { minLength: 3, maxLength: 3 }), (residuals) => {
        const found = around.bits(residuals);
        expect(choices.walls.fits(found)).toBe(true);
        const raised = found.map((each) => ({ ...each, activations: Math.min(8, each.activations + 1) }));
        // All inputs together could not have one bit more.
        if (found.some(({ activations }) => activations < 8)) expect(choices.walls.fits(raised)).toBe(false);
      }),
      { numRuns: 60, seed: 2 },
    );
    const steps = await play(
      [
        [0, 0.5],
        [0, -0.5],
        [0, 0],
      ],
      given,
    );
    const { activations } = steps[2]!.info.policy as { activations: Record<string, { bits: number }> };
    expect(activations['first']!.bits).toBeGreaterThan(activations['second']!.bits);
  });

  it('refuses bytes that the fewest bits do not reach', async () => {
    const impossible = { ...task, limits: quantizeLimits({ bytes: 100 }, graph) };
    await expect(createResidualBitsEnvironment(impossible, OPTIONS)).rejects.toMatchObject({
      code: 'BUDGET_INFEASIBLE',
    });
  });
});
