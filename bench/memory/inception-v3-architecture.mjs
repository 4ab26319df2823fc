// InceptionV3 (Szegedy et al. 2015) at 224x224, layer for layer the one of Keras applications, with drawn
// weights: `export default (tfl) => LayersModel`, as `tersor train` takes an architecture.
export default (tfl) => {
  const { input, model, layers } = tfl;
  const kernelInitializer = 'zeros';
  const convolution = (x, filters, kernelSize, { strides = 1, padding = 'same' } = {}) => {
    const convolved = layers
      .conv2d({ filters, kernelSize, strides, padding, useBias: false, kernelInitializer })
      .apply(x);
    return layers.reLU().apply(layers.batchNormalization({ scale: false }).apply(convolved));
  };
  /** One convolution after the other. */
  const chain = (x, ...steps) => steps.reduce((result, step) => convolution(result, ...step), x);
  const join = (...branches) => layers.concatenate({ axis: -1 }).apply(branches);
  const average = (x) => layers.averagePooling2d({ poolSize: 3, strides: 1, padding: 'same' }).apply(x);
  const maximum = (x) => layers.maxPooling2d({ poolSize: 3, strides: 2 }).apply(x);
  const HALVE = { strides: 2, padding: 'valid' };

  const image = input({ shape: [224, 224, 3] });
  let x = maximum(chain(image, [32, 3, HALVE], [32, 3, { padding: 'valid' }], [64, 3]));
  x = maximum(chain(x, [80, 1, { padding: 'valid' }], [192, 3, { padding: 'valid' }]));
  for (const pooled of [32, 64, 64]) {
    x = join(
      chain(x, [64, 1]),
      chain(x, [48, 1], [64, 5]),
      chain(x, [64, 1], [96, 3], [96, 3]),
      convolution(average(x), pooled, 1),
    );
  }
  x = join(chain(x, [384, 3, HALVE]), chain(x, [64, 1], [96, 3], [96, 3, HALVE]), maximum(x));
  for (const filters of [128, 160, 160, 192]) {
    const [wide, high] = [
      [1, 7],
      [7, 1],
    ];
    x = join(
      chain(x, [192, 1]),
      chain(x, [filters, 1], [filters, wide], [192, high]),
      chain(x, [filters, 1], [filters, high], [filters, wide], [filters, high], [192, wide]),
      convolution(average(x), 192, 1),
    );
  }
  x = join(
    chain(x, [192, 1], [320, 3, HALVE]),
    chain(x, [192, 1], [192, [1, 7]], [192, [7, 1]], [192, 3, HALVE]),
    maximum(x),
  );
  for (let block = 0; block < 2; block++) {
    const narrow = convolution(x, 384, 1);
    const deep = chain(x, [448, 1], [384, 3]);
    const bothWays = (y) => join(convolution(y, 384, [1, 3]), convolution(y, 384, [3, 1]));
    x = join(chain(x, [320, 1]), bothWays(narrow), bothWays(deep), convolution(average(x), 192, 1));
  }
  const pooled = layers.globalAveragePooling2d({}).apply(x);
  const output = layers.dense({ units: 1000, activation: 'softmax', kernelInitializer }).apply(pooled);
  return model({ inputs: image, outputs: output });
};
