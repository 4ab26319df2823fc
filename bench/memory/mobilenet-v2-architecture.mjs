// MobileNetV2 1.0 for 224x224 images and 1,000 classes (Sandler et al. 2018, table 2): 3.5 M parameters.
const BLOCKS = [
  // expansion, channels, repeats, stride of the first
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
];

export default function build({ input, layers, model }) {
  const kernelInitializer = 'zeros';
  const norm = (name, x) => layers.batchNormalization({ name: `${name}_bn` }).apply(x);
  const relu = (name, x) => layers.reLU({ name: `${name}_relu`, maxValue: 6 }).apply(x);
  const conv = (name, x, filters, kernelSize = 1, strides = 1) =>
    norm(
      name,
      layers
        .conv2d({ name, filters, kernelSize, strides, padding: 'same', useBias: false, kernelInitializer })
        .apply(x),
    );
  const depthwise = (name, x, strides) =>
    norm(
      name,
      layers
        .depthwiseConv2d({
          name,
          kernelSize: 3,
          strides,
          padding: 'same',
          useBias: false,
          depthwiseInitializer: 'zeros',
        })
        .apply(x),
    );

  const image = input({ shape: [224, 224, 3], name: 'image' });
  let x = relu('conv1', conv('conv1', image, 32, 3, 2));
  let channels = 32;
  BLOCKS.forEach(([expansion, filters, repeats, stride], block) => {
    for (let i = 0; i < repeats; i++) {
      const name = `block${block + 1}_${i + 1}`;
      const strides = i === 0 ? stride : 1;
      let inner = x;
      if (expansion > 1) inner = relu(`${name}_expand`, conv(`${name}_expand`, inner, expansion * channels));
      inner = relu(`${name}_depthwise`, depthwise(`${name}_depthwise`, inner, strides));
      inner = conv(`${name}_project`, inner, filters);
      x =
        strides === 1 && channels === filters ? layers.add({ name: `${name}_add` }).apply([x, inner]) : inner;
      channels = filters;
    }
  });
  x = relu('conv2', conv('conv2', x, 1280));
  const pooled = layers.globalAveragePooling2d({ name: 'pool' }).apply(x);
  const classes = layers
    .dense({ name: 'predictions', units: 1000, activation: 'softmax', kernelInitializer })
    .apply(pooled);
  return model({ inputs: image, outputs: classes, name: 'mobilenet-v2' });
}
