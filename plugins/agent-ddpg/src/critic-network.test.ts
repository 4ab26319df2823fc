import { createRandom } from '@tersor/core';
import { backward, forward, initializeParameters, parameterCount } from '@tersor/rl';
import { criticGradient, criticPass, type CriticNetwork } from './critic-network.js';

const BATCH = 5;
const plain: CriticNetwork = { sizes: [4, 9, 7, 1], hidden: 'relu', output: 'linear' };
const random = createRandom(1, 'critic network');
const input = Float32Array.from({ length: BATCH * 4 }, () => random.normal());
const parameters = initializeParameters(plain, random);
/** The same units are dropped at every call. */
const dropping = () => {
  const own = createRandom(3, 'drop');
  return () => own.uniform();
};

describe.each([
  ['plain', plain],
  ['with layer normalization', { ...plain, normalize: true }],
  ['with dropout', { ...plain, dropout: 0.4 }],
  ['with both', { ...plain, normalize: true, dropout: 0.4 }],
])('the gradient of a critic, %s', (_name, network: CriticNetwork) => {
  const weights = Float32Array.from({ length: BATCH }, () => random.normal());
  const loss = (own: Float32Array, x: Float32Array) =>
    criticPass(network, own, x, BATCH, dropping()).values.reduce((sum, v, i) => sum + v * weights[i]!, 0);
  const gradient = new Float32Array(parameterCount(network));
  const pass = criticPass(network, parameters, input, BATCH, dropping());
  const byInput = criticGradient(network, parameters, pass, weights.slice(), BATCH, gradient);
  /** By central differences; 32-bit floats allow no more than three digits. */
  const differences = (values: Float32Array, at: (changed: Float32Array) => number) =>
    values.map((value, i) => {
      const h = 1e-3;
      return (at(values.with(i, value + h)) - at(values.with(i, value - h))) / (2 * h);
    });
  /** A rectifier's kink within the step spoils a few. */
  const expectNear = (found: Float32Array, wanted: Float32Array) => {
    const far = found.filter((value, i) => Math.abs(value - wanted[i]!) > 0.01 * (1 + Math.abs(wanted[i]!)));
    expect(far.length).toBeLessThanOrEqual(Math.ceil(0.03 * found.length));
    expect(found.some((value) => Math.abs(value) > 0.05)).toBe(true);
  };

  it('is that of finite differences, by the parameters', () =>
    expectNear(
      gradient,
      differences(parameters, (changed) => loss(changed, input)),
    ));

  it('is that of finite differences, by the input', () =>
    expectNear(
      byInput,
      differences(input, (changed) => loss(parameters, changed)),
    ));
});

it('without the options computes what a plain network does, bit by bit', () => {
  const whole = forward(plain, parameters, input, BATCH);
  const pass = criticPass(plain, parameters, input, BATCH, dropping());
  expect(pass.values).toEqual(whole.at(-1));
  const [ours, theirs] = [0, 1].map(() => new Float32Array(parameterCount(plain)));
  const ones = () => new Float32Array(BATCH).fill(1);
  expect(criticGradient(plain, parameters, pass, ones(), BATCH, ours)).toEqual(
    backward(plain, parameters, whole, ones(), BATCH, theirs),
  );
  expect(ours).toEqual(theirs);
});

it('normalizes each row to mean 0 and deviation 1', () => {
  const network = { ...plain, normalize: true };
  const [first] = criticPass(network, parameters, input, BATCH).layers;
  const row = [...first!.normalized!.values.subarray(9, 18)];
  expect(row.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 5);
  expect(row.reduce((sum, value) => sum + value * value, 0) / 9).toBeCloseTo(1, 3);
});

it('drops about as many units as asked, makes up for them, and none without a source of chance', () => {
  const network = { ...plain, sizes: [4, 4000, 1], dropout: 0.25 };
  const wide = initializeParameters(network, random);
  const { mask } = criticPass(network, wide, input, BATCH, dropping()).layers[0]!;
  const share = mask!.filter((value) => value === 0).length / mask!.length;
  expect(share).toBeCloseTo(0.25, 2);
  expect(Math.max(...mask!)).toBeCloseTo(4 / 3, 6);
  expect(criticPass(network, wide, input, BATCH).layers[0]!.mask).toBeUndefined();
});
