// Two Inception blocks (Szegedy et al. 2016, as keras.applications has them): branches of 1x1, 5x5, two 3x3
// and average pooling, joined by channel, then a block that halves the resolution with strided and pooled
// branches. The input has an odd size, cut off from the images.
export default function build({ input, layers, model }) {
  let count = 0;
  const conv = (x, filters, kernelSize, strides = 1, padding = 'same') => {
    count += 1;
    const y = layers
      .conv2d({ name: `conv${count}`, filters, kernelSize, strides, padding, useBias: false })
      .apply(x);
    return layers
      .activation({ name: `act${count}`, activation: 'relu' })
      .apply(layers.batchNormalization({ name: `bn${count}`, momentum: 0.9, scale: false }).apply(y));
  };
  const join = (name, branches) => layers.concatenate({ name, axis: 3 }).apply(branches);

  const image = input({ shape: [32, 32, 3], name: 'image' });
  const odd = layers
    .cropping2D({
      name: 'crop',
      cropping: [
        [0, 1],
        [1, 0],
      ],
    })
    .apply(image);
  let x = layers.maxPooling2d({ name: 'pool1', poolSize: 3, strides: 2 }).apply(conv(odd, 8, 3, 1, 'valid'));
  const pooled = layers
    .averagePooling2d({ name: 'average', poolSize: 3, strides: 1, padding: 'same' })
    .apply(x);
  x = join('mixed1', [
    conv(x, 6, 1),
    conv(conv(x, 4, 1), 6, 5),
    conv(conv(conv(x, 4, 1), 6, 3), 6, 3),
    conv(pooled, 4, 1),
  ]);
  const reduced = layers.maxPooling2d({ name: 'pool2', poolSize: 3, strides: 2 }).apply(x);
  x = join('mixed2', [
    conv(x, 8, 3, 2, 'valid'),
    conv(conv(conv(x, 4, [1, 5]), 6, [5, 1]), 6, 3, 2, 'valid'),
    reduced,
  ]);
  const flat = layers.globalAveragePooling2d({ name: 'pool' }).apply(x);
  return model({
    inputs: image,
    outputs: layers.dense({ name: 'predictions', units: 10, activation: 'softmax' }).apply(flat),
  });
}
