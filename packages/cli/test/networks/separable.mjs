// Xception's kind of network (Chollet 2017): separable convolutions, a strided 1x1 shortcut, max pooling, and
// sigmoid-free logits that a softmax layer turns into probabilities.
export default function build({ input, layers, model }) {
  const norm = (name, x) => layers.batchNormalization({ name: `${name}_bn`, momentum: 0.9 }).apply(x);
  const relu = (name, x) => layers.activation({ name: `${name}_act`, activation: 'relu' }).apply(x);
  const separable = (name, x, filters) =>
    norm(
      name,
      layers.separableConv2d({ name, filters, kernelSize: 3, padding: 'same', useBias: false }).apply(x),
    );

  const image = input({ shape: [32, 32, 3], name: 'image' });
  let x = relu(
    'stem',
    norm(
      'stem',
      layers.conv2d({ name: 'stem', filters: 8, kernelSize: 3, strides: 2, useBias: false }).apply(image),
    ),
  );
  [12, 16].forEach((filters, i) => {
    const name = `block${i + 1}`;
    const shortcut = norm(
      `${name}_short`,
      layers
        .conv2d({
          name: `${name}_short`,
          filters,
          kernelSize: 1,
          strides: 2,
          padding: 'same',
          useBias: false,
        })
        .apply(x),
    );
    const inner = relu(`${name}_sep1`, separable(`${name}_sep1`, x, filters));
    const pooled = layers
      .maxPooling2d({ name: `${name}_pool`, poolSize: 3, strides: 2, padding: 'same' })
      .apply(separable(`${name}_sep2`, inner, filters));
    x = relu(name, layers.add({ name: `${name}_add` }).apply([pooled, shortcut]));
  });
  const pooled = layers.globalAveragePooling2d({ name: 'pool' }).apply(x);
  const scores = layers.dense({ name: 'scores', units: 10 }).apply(pooled);
  return model({ inputs: image, outputs: layers.softmax({ name: 'probabilities' }).apply(scores) });
}
