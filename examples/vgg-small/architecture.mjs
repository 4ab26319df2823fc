// A small VGG for 32x32 colour images: seven 3x3 convolutions with batch norm, global average pooling, one
// dense layer. 633,802 parameters, 77 million multiply-adds.
const BLOCKS = [[64, 64], [64, 64], [128, 128], [256]];

export default function build({ sequential, layers }) {
  const model = sequential({ name: 'vgg-small' });
  let inputShape = [32, 32, 3];
  BLOCKS.forEach((widths, block) => {
    widths.forEach((filters, index) => {
      const name = `conv${block + 1}_${index + 1}`;
      model.add(
        layers.conv2d({
          name,
          filters,
          kernelSize: 3,
          padding: 'same',
          useBias: false,
          kernelInitializer: 'heNormal',
          ...(inputShape && { inputShape }),
        }),
      );
      model.add(layers.batchNormalization({ name: `${name}_bn`, momentum: 0.9, epsilon: 1e-5 }));
      model.add(layers.activation({ name: `${name}_relu`, activation: 'relu' }));
      inputShape = undefined;
    });
    if (block < BLOCKS.length - 1) model.add(layers.maxPooling2d({ name: `pool${block + 1}`, poolSize: 2 }));
  });
  model.add(layers.globalAveragePooling2d({ name: 'pool' }));
  model.add(layers.dense({ name: 'classifier', units: 10, activation: 'softmax' }));
  return model;
}
