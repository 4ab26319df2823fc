// What tools/outside.mjs does with a layer class of somebody else's: one folder holds the class, what is known of
// it, and its use; TensorFlow.js and Tersor know nothing of it but what that says.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A pointwise convolution whose kernel has its outputs first. */
const LAYER = `
const tf = require('@tensorflow/tfjs-core');
const tfl = require('@tensorflow/tfjs-layers');
const { followWeights, registerLayerFacts } = require('@tersor/network');

class Pointwise extends tfl.layers.Layer {
  static className = 'MinePointwise';
  constructor(config) {
    super(config);
    this.units = config.units;
  }
  build(inputShape) {
    this.kernel = this.addWeight('kernel', [this.units, inputShape.at(-1)], 'float32', tfl.initializers.randomNormal({ seed: 3 }));
    this.built = true;
  }
  call(inputs) {
    const x = Array.isArray(inputs) ? inputs[0] : inputs;
    const rows = tf.reshape(x, [-1, x.shape.at(-1)]);
    return tf.reshape(tf.matMul(rows, this.kernel.read(), false, true), [...x.shape.slice(0, -1), this.units]);
  }
  computeOutputShape(inputShape) {
    return [...inputShape.slice(0, -1), this.units];
  }
  getConfig() {
    return { ...super.getConfig(), units: this.units };
  }
}
tf.serialization.registerClass(Pointwise);

const weights = [
  { weight: 'kernel', rank: 2, axis: 1, role: 'consumes', of: 'inputs' },
  { weight: 'kernel', rank: 2, axis: 0, role: 'produces', of: 'outputs' },
];
registerLayerFacts({
  className: 'MinePointwise',
  channels: { how: 'mixed by the kernel', rule: followWeights(weights) },
  weights,
  resized: (config, outputShape) => ({ ...config, units: outputShape.at(-1) }),
  positions: 'output',
});
module.exports = { Pointwise };
`;

const USE = `
require('@tensorflow/tfjs-backend-cpu');
const tfl = require('@tensorflow/tfjs-layers');
const { compress } = require('@tersor/compression');
const { compressConfigSchema, parseConfig } = require('@tersor/core');
const { graphFromModel, writeModel } = require('@tersor/network');
const { Pointwise } = require('./layer.cjs');

async function main() {
  const input = tfl.input({ shape: [32, 32, 3] });
  const stem = tfl.layers.conv2d({ name: 'stem', filters: 8, kernelSize: 3, strides: 4, activation: 'relu' }).apply(input);
  const own = new Pointwise({ name: 'own', units: 16 }).apply(stem);
  const pooled = tfl.layers.globalAveragePooling2d({}).apply(tfl.layers.reLU({}).apply(own));
  const scores = tfl.layers.dense({ name: 'scores', units: 10, activation: 'softmax' }).apply(pooled);
  await writeModel(await graphFromModel(tfl.model({ inputs: input, outputs: scores })), 'layer-mine/model');
  const stage = { agent: 'uniform', search: { episodes: 1 }, images: 20, finetune: { epochs: 0 } };
  const config = parseConfig({
    model: 'layer-mine/model/model.json',
    dataset: { use: 'cifar10', dir: process.argv[2], validation: 40 },
    backend: { use: 'wasm', workers: 1 },
    prune: { ...stage, budget: { macs: 0.6 } },
    quantize: { ...stage, budget: { bytes: 0.5 } },
  }, compressConfigSchema);
  const { baseline, compressed } = await compress({ config, directory: process.cwd(), output: 'layer-mine/out' });
  console.log(JSON.stringify({ before: baseline.macs, after: compressed.macs }));
}
void main();
`;

/** Prunes and quantizes a network with the layer; its channels have to go like those of a layer of Keras. */
export function useLayer(folder, inside, write, data = 'examples/data/cifar-10-mini') {
  write('layer-mine/layer.cjs', LAYER);
  write('layer-mine/use.cjs', USE);
  const { before, after } = JSON.parse(
    inside('node', ['layer-mine/use.cjs', data]).trim().split('\n').at(-1),
  );
  if (!(after <= 0.6 * before))
    throw new Error(`the network with a layer of its own has ${after} of ${before}`);
  const { modelTopology } = JSON.parse(
    readFileSync(join(folder, 'layer-mine/out/pruned/model.json'), 'utf8'),
  );
  const { layers } = (modelTopology.model_config ?? modelTopology).config;
  const units = layers.find(({ class_name: name }) => name === 'MinePointwise').config.units;
  if (!(units < 16)) throw new Error(`the layer of its own kept ${units} of 16 channels`);
}
