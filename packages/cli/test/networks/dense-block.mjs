// A dense block of four layers with its transition, then a second one (DenseNet-BC: Huang et al. 2017): batch
// norm before each convolution, and each layer reads the concatenation of all before it.
const GROWTH = 6;

export default function build({ input, layers, model }) {
  const normRelu = (name, x) =>
    layers
      .reLU({ name: `${name}_relu` })
      .apply(layers.batchNormalization({ name: `${name}_bn`, momentum: 0.9 }).apply(x));
  const conv = (name, x, filters, kernelSize, strides = 1) =>
    layers.conv2d({ name, filters, kernelSize, strides, padding: 'same', useBias: false }).apply(x);
  const block = (name, x, count) => {
    for (let i = 1; i <= count; i++) {
      const bottleneck = conv(`${name}_${i}_1`, normRelu(`${name}_${i}_0`, x), 4 * GROWTH, 1);
      const grown = conv(`${name}_${i}_2`, normRelu(`${name}_${i}_1`, bottleneck), GROWTH, 3);
      x = layers.concatenate({ name: `${name}_${i}_concat` }).apply([x, grown]);
    }
    return x;
  };

  const image = input({ shape: [32, 32, 3], name: 'image' });
  let x = block('dense1', conv('stem', image, 12, 3, 2), 4);
  x = layers
    .averagePooling2d({ name: 'pool1', poolSize: 2 })
    .apply(conv('transition1', normRelu('transition1', x), 16, 1));
  x = normRelu('last', block('dense2', x, 2));
  const pooled = layers.globalAveragePooling2d({ name: 'pool' }).apply(x);
  return model({
    inputs: image,
    outputs: layers.dense({ name: 'classifier', units: 10, activation: 'softmax' }).apply(pooled),
  });
}
