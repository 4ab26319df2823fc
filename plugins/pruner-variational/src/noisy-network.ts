import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { disposeModel, modelFromGraph, networkOutput, type ScoreKind } from '@tersor/network';
import type { LayerGraph } from '@tersor/core';
import { ALPHA_RANGE, gaussianKl, LEAST_ALPHA, logNormalKl } from './kl-divergence.js';
import { findNoiseLayers, type NoiseLayer } from './noise-layers.js';

/**
 * Where the noise is: on the weights, one parameter per 2-D slice or per element; or on what a layer reads,
 * its strength depending on the data.
 */
export type NoiseForm = 'slices' | 'elements' | 'activations';

/** A layer with its noise parameters. */
export interface NoisyLayer {
  readonly layer: NoiseLayer;
  readonly kernel: tf.Variable;
  /**
   * Weight forms: log sigma^2, `[1, 1, inputs, outputs]` or one per element. Activations: matrix and offset
   * of the noise's strength.
   */
  readonly noise: readonly tf.Variable[];
}

/** What one forward pass gives. */
export interface NoisyPass {
  readonly logits: tf.Tensor;
  /** Sum of all KL terms: per image for activations, of the network for weights. */
  readonly kl: tf.Scalar;
}

/**
 * A network whose layers can be run with noise. The noise parameters and kernels are variables to be trained.
 */
export interface NoisyNetwork {
  readonly layers: readonly NoisyLayer[];
  /** What the logits of a pass are. */
  readonly scores: ScoreKind;
  /** Runs a batch. `visit` sees what each noisy layer reads. Call it inside of a tidy. */
  run(images: tf.Tensor, seed: number, visit?: (layer: NoisyLayer, input: tf.Tensor) => void): NoisyPass;
  dispose(): void;
}

/**
 * To begin with, log sigma^2 is this, or log alpha is -6, whichever is more noise: next to none either way.
 * (The usual start at -10 for all would leave large given weights beyond the bounds of log alpha, where no
 * gradient reaches them.)
 */
const FIRST_LOG_VARIANCE = -10;
const FIRST_LOG_ALPHA = -6;
const LOG_ALPHA_LIMIT = 8;

/**
 * Prepares a network for training with noise, from the weights that it has. Batch norm keeps its moving
 * statistics.
 */
export async function noisyNetwork(graph: LayerGraph, form: NoiseForm): Promise<NoisyNetwork> {
  const scores = networkOutput(graph);
  const described = scores.graph;
  const noiseLayers = new Map(findNoiseLayers(described).map((layer) => [layer.name, layer]));
  // Noise comes between the convolution and its activation, so the activation becomes a step of its own.
  const activations = new Map<string, ReturnType<typeof tfl.layers.activation>>();
  const linear: LayerGraph = {
    ...described,
    layers: described.layers.map((layer) => {
      const activation = layer.config['activation'];
      if (!noiseLayers.has(layer.name) || typeof activation !== 'string' || activation === 'linear')
        return layer;
      activations.set(layer.name, tfl.layers.activation({ activation: activation as 'relu' }));
      return { ...layer, config: { ...layer.config, activation: 'linear' } };
    }),
  };
  const model = await modelFromGraph(linear);
  const noisy = new Map(
    [...noiseLayers.values()].map((layer) => [layer.name, makeNoisy(layer, model, form)]),
  );

  const run: NoisyNetwork['run'] = (images, seed, visit) => {
    const outputs: tf.Tensor[] = [];
    const terms: tf.Scalar[] =
      form === 'activations' ? [] : [...noisy.values()].map((layer) => weightKl(layer, form));
    linear.calls.forEach((call, index) => {
      if (linear.inputs.includes(index)) return void outputs.push(images);
      const inputs = call.inputs.map((input) => outputs[input]!);
      const target = noisy.get(call.layer);
      const apply = (given: tf.Tensor[]) =>
        model.getLayer(call.layer).apply(given.length === 1 ? given[0]! : given) as tf.Tensor;
      if (!target) return void outputs.push(apply(inputs));
      visit?.(target, inputs[0]!);
      let output: tf.Tensor;
      if (form === 'activations') {
        const { value, kl } = informationDropout(target, inputs[0]!, seed + index);
        terms.push(kl);
        output = apply([value]);
      } else {
        output = tf.add(apply(inputs), weightNoise(target, inputs[0]!, seed + index));
      }
      outputs.push((activations.get(call.layer)?.apply(output) as tf.Tensor | undefined) ?? output);
    });
    return { logits: outputs[linear.outputs[0]!]!, kl: terms.length > 0 ? tf.addN(terms) : tf.scalar(0) };
  };
  const dispose = () => {
    disposeModel(model);
    for (const { noise } of noisy.values()) tf.dispose([...noise]);
  };
  return { layers: [...noisy.values()], scores, run, dispose };
}

function makeNoisy(layer: NoiseLayer, model: tfl.LayersModel, form: NoiseForm): NoisyLayer {
  const kernel = model.getLayer(layer.name).weights[0]!.read() as tf.Variable;
  const initial = tf.tidy(() =>
    form === 'activations'
      ? [tf.zeros([layer.inputs, layer.inputs]), tf.zeros([layer.inputs])]
      : [
          tf.maximum(
            FIRST_LOG_VARIANCE,
            tf.add(tf.log(tf.add(magnitude(layer, kernel, form), 1e-8)), FIRST_LOG_ALPHA),
          ),
        ],
  );
  const noise = initial.map((tensor) => tf.variable(tensor));
  tf.dispose(initial);
  return { layer, kernel, noise };
}

/**
 * The noise that weights `theta + sigma eps` add to the output, by local reparameterisation (Kingma, Salimans
 * and Welling 2015, section 2.2): `sqrt(conv(x^2, sigma^2)) eps`.
 */
function weightNoise({ layer, noise }: NoisyLayer, input: tf.Tensor, seed: number): tf.Tensor {
  const variances = tf.mul(tf.exp(noise[0]!), tf.ones([...layer.shape]));
  const squares = tf.square(input);
  const spread = layer.window
    ? tf.conv2d(
        squares as tf.Tensor4D,
        variances as tf.Tensor4D,
        [...layer.window.strides],
        layer.window.padding,
        'NHWC',
        [...layer.window.dilation],
      )
    : tf.reshape(tf.matMul(tf.reshape(squares, [-1, layer.inputs]), variances as tf.Tensor2D), [
        ...input.shape.slice(0, -1),
        layer.outputs,
      ]);
  return tf.mul(tf.sqrt(tf.add(spread, 1e-8)), tf.randomNormal(spread.shape, 0, 1, 'float32', seed));
}

/**
 * log alpha = log sigma^2 - log theta^2, per slice (with the mean square of its elements) or per element,
 * within +-8.
 */
export function logAlpha({ layer, kernel, noise }: NoisyLayer, form: 'slices' | 'elements'): tf.Tensor {
  return tf.clipByValue(
    tf.sub(noise[0]!, tf.log(tf.add(magnitude(layer, kernel, form), 1e-8))),
    -LOG_ALPHA_LIMIT,
    LOG_ALPHA_LIMIT,
  );
}

/** theta^2: of each element, or the mean over a slice. */
function magnitude({ window }: NoiseLayer, kernel: tf.Variable, form: 'slices' | 'elements'): tf.Tensor {
  const squares = tf.square(kernel);
  return form === 'slices' && window ? tf.mean(squares, [0, 1], true) : squares;
}

function weightKl(noisy: NoisyLayer, form: 'slices' | 'elements'): tf.Scalar {
  // A slice stands for all of its elements.
  const elements = form === 'slices' ? noisy.layer.taps : 1;
  return tf.mul(tf.sum(gaussianKl(logAlpha(noisy, form))), elements) as tf.Scalar;
}

/** alpha(x) of every input channel at every position: `LEAST_ALPHA + ALPHA_RANGE sigmoid(x A + b)`. */
export function dropoutAlpha({ layer, noise }: NoisyLayer, input: tf.Tensor): tf.Tensor {
  const rows = tf.reshape(input, [-1, layer.inputs]) as tf.Tensor2D;
  const strength = tf.sigmoid(tf.add(tf.matMul(rows, noise[0] as tf.Tensor2D), noise[1]!));
  return tf.reshape(tf.add(LEAST_ALPHA, tf.mul(ALPHA_RANGE, strength)), input.shape);
}

/**
 * Information dropout on what a layer reads: `x eps`, `log eps ~ N(0, alpha(x)^2)`; the KL term is the mean
 * over positions, summed over channels.
 */
function informationDropout(
  noisy: NoisyLayer,
  input: tf.Tensor,
  seed: number,
): { value: tf.Tensor; kl: tf.Scalar } {
  const alpha = dropoutAlpha(noisy, input);
  const value = tf.mul(input, tf.exp(tf.mul(alpha, tf.randomNormal(input.shape, 0, 1, 'float32', seed))));
  return { value, kl: tf.mul(tf.mean(logNormalKl(alpha)), noisy.layer.inputs) as tf.Scalar };
}
