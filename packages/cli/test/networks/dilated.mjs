// A context module (Yu and Koltun 2016): 3x3 convolutions whose dilation grows, at full resolution, then a
// strided one and a dense layer.
export default function build({ sequential, layers }) {
  const conv = (name, filters, dilationRate, more = {}) =>
    layers.conv2d({
      name,
      filters,
      kernelSize: 3,
      dilationRate,
      padding: 'same',
      activation: 'relu',
      ...more,
    });
  return sequential({
    layers: [
      layers.conv2d({
        name: 'stem',
        inputShape: [32, 32, 3],
        filters: 8,
        kernelSize: 3,
        strides: 2,
        padding: 'same',
        activation: 'relu',
      }),
      conv('context1', 8, 1),
      conv('context2', 10, 2),
      conv('context4', 8, [4, 4], { padding: 'valid' }),
      layers.batchNormalization({ name: 'bn', momentum: 0.9 }),
      layers.maxPooling2d({ name: 'pool', poolSize: 2 }),
      layers.flatten({ name: 'flatten' }),
      layers.dense({ name: 'classifier', units: 10, activation: 'softmax' }),
    ],
  });
}
