import {
  backward,
  forward,
  initializeParameters,
  parameterCount,
  softUpdate,
  type Activation,
  type Network,
} from './network.js';
import { createRandom, type Random } from '@tersor/core';

const BATCH = 5;

function draw(random: Random, length: number): Float32Array {
  return Float32Array.from({ length }, () => random.normal());
}

/** A loss with a known gradient: the outputs, weighted. */
function lossOf(
  network: Network,
  parameters: Float32Array,
  input: Float32Array,
  weights: Float32Array,
): number {
  return forward(network, parameters, input, BATCH)
    .at(-1)!
    .reduce((sum, value, i) => sum + value * weights[i]!, 0);
}

/**
 * Largest difference between the gradient and central differences, relative to the largest entry of the
 * gradient.
 */
function worst(vector: Float32Array, gradient: Float32Array, loss: () => number): number {
  const step = 1e-2;
  const largest = Math.max(...gradient.map(Math.abs));
  const differences = Array.from(vector, (value, i) => {
    vector[i] = value + step;
    const above = loss();
    vector[i] = value - step;
    const below = loss();
    vector[i] = value;
    return Math.abs((above - below) / (2 * step) - gradient[i]!);
  });
  return Math.max(...differences) / largest;
}

describe.each<[Activation, Activation]>([
  ['tanh', 'linear'],
  ['tanh', 'sigmoid'],
  ['sigmoid', 'tanh'],
])('a network of %s layers with a %s output', (hidden, output) => {
  const network: Network = { sizes: [3, 6, 9, 2], hidden, output };
  const random = createRandom(1, `${hidden} ${output}`);
  const parameters = initializeParameters(network, random);
  const input = draw(random, BATCH * 3);
  const weights = draw(random, BATCH * 2);
  const loss = () => lossOf(network, parameters, input, weights);
  const gradient = new Float32Array(parameterCount(network));
  const inputGradient = backward(
    network,
    parameters,
    forward(network, parameters, input, BATCH),
    weights.slice(),
    BATCH,
    gradient,
  );

  it('has the gradient by its parameters that finite differences show', () => {
    expect(gradient.some((value) => value !== 0)).toBe(true);
    expect(worst(parameters, gradient, loss)).toBeLessThan(2e-3);
  });

  it('has the gradient by its input that finite differences show', () => {
    expect(worst(input, inputGradient, loss)).toBeLessThan(2e-3);
  });
});

it('passes gradients through a relu where it is open, and only there', () => {
  // y = 3 relu(2 x - 1) + 0.5
  const network: Network = { sizes: [1, 1, 1], hidden: 'relu', output: 'linear' };
  const parameters = Float32Array.of(2, -1, 3, 0.5);
  const values = forward(network, parameters, Float32Array.of(1, 0), 2);
  expect([...values[1]!]).toEqual([1, 0]);
  expect([...values[2]!]).toEqual([3.5, 0.5]);
  const gradient = new Float32Array(4);
  expect([...backward(network, parameters, values, Float32Array.of(1, 10), 2, gradient)]).toEqual([6, 0]);
  expect([...gradient]).toEqual([3, 3, 1, 11]);
});

it('starts within 1/sqrt(inputs), the last layer within its share of it', () => {
  const network: Network = { sizes: [16, 100, 4], hidden: 'relu', output: 'linear' };
  const parameters = initializeParameters(network, createRandom(1), 0.1);
  const [first, last] = [parameters.subarray(0, 17 * 100), parameters.subarray(17 * 100)];
  const largest = (values: Float32Array) => Math.max(...values.map(Math.abs));
  expect(largest(first)).toBeLessThanOrEqual(0.25);
  expect(largest(first)).toBeGreaterThan(0.24);
  expect(largest(last)).toBeLessThanOrEqual(0.01);
  expect(largest(last)).toBeGreaterThan(0.0095);
});

it('moves target parameters by tau', () => {
  const target = Float32Array.of(0, 4);
  softUpdate(target, Float32Array.of(1, 0), 0.25);
  expect([...target]).toEqual([0.25, 3]);
});
