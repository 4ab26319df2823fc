// VGG-16 for 224x224 images and 1,000 classes (Simonyan and Zisserman 2015, table 1, column D): 138,357,544
// parameters.
const BLOCKS = [
  [64, 64],
  [128, 128],
  [256, 256, 256],
  [512, 512, 512],
  [512, 512, 512],
];

export default function build({ sequential, layers }) {
  // Kernels are drawn after this; tfjs would take minutes to draw the first dense layer's 103 M here.
  const kernelInitializer = 'zeros';
  const convolutions = BLOCKS.flatMap((widths, block) => [
    ...widths.map((filters, i) =>
      layers.conv2d({
        name: `block${block + 1}_conv${i + 1}`,
        filters,
        kernelSize: 3,
        padding: 'same',
        activation: 'relu',
        kernelInitializer,
        ...(block + i === 0 && { inputShape: [224, 224, 3] }),
      }),
    ),
    layers.maxPooling2d({ name: `block${block + 1}_pool`, poolSize: 2 }),
  ]);
  return sequential({
    name: 'vgg16',
    layers: [
      ...convolutions,
      layers.flatten({ name: 'flatten' }),
      layers.dense({ name: 'fc1', units: 4096, activation: 'relu', kernelInitializer }),
      layers.dense({ name: 'fc2', units: 4096, activation: 'relu', kernelInitializer }),
      layers.dense({ name: 'predictions', units: 1000, activation: 'softmax', kernelInitializer }),
    ],
  });
}
