// MobileNet v1 0.25 for 32x32 images (Howard et al. 2017, table 1), written as keras.applications writes it:
// explicit padding before the strided layers, ReLU6, and a classifier of Reshape, 1x1 convolution, softmax
// and Reshape.
const ALPHA = 0.25;
const BLOCKS = [
  [64, 1],
  [128, 2],
  [128, 1],
  [256, 2],
  [256, 1],
  [512, 2],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [1024, 2],
  [1024, 1],
];

export default function build({ input, layers, model }) {
  const normRelu = (name, x) =>
    layers
      .reLU({ name: `${name}_relu`, maxValue: 6 })
      .apply(layers.batchNormalization({ name: `${name}_bn`, momentum: 0.9 }).apply(x));
  const pad = (name, x) =>
    layers
      .zeroPadding2d({
        name: `${name}_pad`,
        padding: [
          [0, 1],
          [0, 1],
        ],
      })
      .apply(x);

  const image = input({ shape: [32, 32, 3], name: 'input_1' });
  const first = {
    name: 'conv1',
    filters: 32 * ALPHA,
    kernelSize: 3,
    strides: 2,
    padding: 'valid',
    useBias: false,
  };
  let x = normRelu('conv1', layers.conv2d(first).apply(pad('conv1', image)));
  BLOCKS.forEach(([filters, strides], i) => {
    const depthwise = {
      name: `conv_dw_${i + 1}`,
      kernelSize: 3,
      strides,
      padding: strides === 1 ? 'same' : 'valid',
      useBias: false,
    };
    const padded = strides === 1 ? x : pad(depthwise.name, x);
    x = normRelu(depthwise.name, layers.depthwiseConv2d(depthwise).apply(padded));
    const pointwise = {
      name: `conv_pw_${i + 1}`,
      filters: filters * ALPHA,
      kernelSize: 1,
      padding: 'same',
      useBias: false,
    };
    x = normRelu(pointwise.name, layers.conv2d(pointwise).apply(x));
  });
  x = layers
    .reshape({ name: 'reshape_1', targetShape: [1, 1, 1024 * ALPHA] })
    .apply(layers.globalAveragePooling2d({ name: 'pool' }).apply(x));
  x = layers.dropout({ name: 'dropout', rate: 0.001 }).apply(x);
  x = layers.conv2d({ name: 'conv_preds', filters: 10, kernelSize: 1, padding: 'same' }).apply(x);
  const classes = layers
    .reshape({ name: 'reshape_2', targetShape: [10] })
    .apply(layers.softmax({ name: 'act_softmax', axis: -1 }).apply(x));
  return model({ inputs: image, outputs: classes, name: 'mobilenet_0.25_32' });
}
