/** A small VGG for 28x28 grey images: four convolutions with batch norm, and a hidden dense layer. */
export default ({ sequential, layers }) => {
  const convolution = (filters, options = {}) => [
    layers.conv2d({ filters, kernelSize: 3, padding: 'same', useBias: false, ...options }),
    layers.batchNormalization(),
    layers.activation({ activation: 'relu' }),
  ];
  return sequential({
    layers: [
      ...convolution(32, { inputShape: [28, 28, 1] }),
      ...convolution(32),
      layers.maxPooling2d({ poolSize: 2 }),
      ...convolution(64),
      ...convolution(64),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dense({ units: 128, activation: 'relu' }),
      layers.dense({ units: 10, activation: 'softmax' }),
    ],
  });
};
