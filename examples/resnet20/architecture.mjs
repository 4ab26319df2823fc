// ResNet-20 for 32x32 images (He et al. 2016, section 4.2): three stages of three basic blocks, 16/32/64
// channels. A stage's first block halves the resolution and projects its shortcut with a 1x1 convolution; the
// others add the identity.
const WIDTHS = [16, 32, 64];
const BLOCKS_PER_STAGE = 3;

export default function build({ input, layers, model }) {
  const convolution = (name, x, filters, kernelSize, strides) => {
    const y = layers.conv2d({ name, filters, kernelSize, strides, padding: 'same', useBias: false }).apply(x);
    return layers.batchNormalization({ name: `${name}_bn`, momentum: 0.9, epsilon: 1e-5 }).apply(y);
  };
  const relu = (name, x) => layers.activation({ name, activation: 'relu' }).apply(x);

  const image = input({ shape: [32, 32, 3], name: 'image' });
  let x = relu('stem_relu', convolution('stem', image, WIDTHS[0], 3, 1));
  WIDTHS.forEach((filters, stage) => {
    for (let block = 0; block < BLOCKS_PER_STAGE; block++) {
      const name = `stage${stage + 1}_block${block + 1}`;
      const strides = stage > 0 && block === 0 ? 2 : 1;
      const shortcut = strides === 1 ? x : convolution(`${name}_shortcut`, x, filters, 1, strides);
      const inner = relu(`${name}_relu1`, convolution(`${name}_conv1`, x, filters, 3, strides));
      const sum = layers
        .add({ name: `${name}_add` })
        .apply([convolution(`${name}_conv2`, inner, filters, 3, 1), shortcut]);
      x = relu(`${name}_relu2`, sum);
    }
  });
  const pooled = layers.globalAveragePooling2d({ name: 'pool' }).apply(x);
  const classes = layers.dense({ name: 'classifier', units: 10, activation: 'softmax' }).apply(pooled);
  return model({ inputs: image, outputs: classes, name: 'resnet20' });
}
