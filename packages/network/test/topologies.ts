import * as layers from '@tensorflow/tfjs-layers';
import type { LayerGraph } from '@tersor/core';
import { graphFromModel } from '../src/graph/model-graph.js';
import { withRandomWeights } from './random-network.js';

type Symbolic = layers.SymbolicTensor;

const library = layers.layers;

function conv(x: Symbolic, name: string, filters: number, kernelSize = 3, strides = 1): Symbolic {
  return library
    .conv2d({
      name,
      filters,
      kernelSize,
      strides,
      padding: 'same',
      useBias: false,
      kernelInitializer: 'zeros',
    })
    .apply(x) as Symbolic;
}

function normRelu(x: Symbolic, name: string): Symbolic {
  return library
    .reLU({ name: `${name}_relu` })
    .apply(library.batchNormalization({ name: `${name}_bn` }).apply(x)) as Symbolic;
}

function convNormRelu(x: Symbolic, name: string, filters: number, kernelSize = 3, strides = 1): Symbolic {
  return normRelu(conv(x, name, filters, kernelSize, strides), name);
}

function classifier(x: Symbolic): Symbolic {
  const pooled = library.globalAveragePooling2d({ name: 'pool' }).apply(x);
  return library
    .dense({ name: 'classifier', units: 3, activation: 'softmax', kernelInitializer: 'zeros' })
    .apply(pooled) as Symbolic;
}

async function network(
  shape: [number, number, number],
  body: (x: Symbolic) => Symbolic | Symbolic[],
): Promise<LayerGraph> {
  const input = layers.input({ shape });
  const model = layers.model({ inputs: input, outputs: body(input) });
  const graph = await graphFromModel(model);
  model.dispose();
  return withRandomWeights(graph, 11);
}

/** Convolutions with bias, pooling, flatten, two dense layers (Simonyan and Zisserman 2015). */
export const vgg = () =>
  network([8, 8, 3], (input) => {
    let x = input;
    [4, 6].forEach((filters, block) => {
      for (const part of [1, 2]) {
        x = library
          .conv2d({
            name: `conv${block + 1}_${part}`,
            filters,
            kernelSize: 3,
            padding: 'same',
            activation: 'relu',
            kernelInitializer: 'zeros',
          })
          .apply(x) as Symbolic;
      }
      x = library.maxPooling2d({ poolSize: 2 }).apply(x) as Symbolic;
    });
    const hidden = library
      .dense({ name: 'fc1', units: 7, activation: 'relu', kernelInitializer: 'zeros' })
      .apply(library.flatten().apply(x));
    return library
      .dense({ name: 'fc2', units: 3, activation: 'softmax', kernelInitializer: 'zeros' })
      .apply(hidden) as Symbolic;
  });

/**
 * ResNet-20 (He et al. 2016, section 4.2) with 1x1 projections where the width changes; the paper has width
 * 16 and 32 x 32 images.
 */
export const resnet20 = (width = 4, size = 8) =>
  network([size, size, 3], (input) => {
    let x = convNormRelu(input, 'stem', width);
    [width, 2 * width, 4 * width].forEach((filters, stage) => {
      for (let block = 0; block < 3; block++) {
        const name = `stage${stage + 1}_block${block + 1}`;
        const strides = stage > 0 && block === 0 ? 2 : 1;
        const inner = convNormRelu(x, `${name}_a`, filters, 3, strides);
        const outer = library
          .batchNormalization({ name: `${name}_b_bn` })
          .apply(conv(inner, `${name}_b`, filters)) as Symbolic;
        const shortcut =
          strides === 2
            ? (library
                .batchNormalization({ name: `${name}_shortcut_bn` })
                .apply(conv(x, `${name}_shortcut`, filters, 1, 2)) as Symbolic)
            : x;
        x = library.reLU({}).apply(library.add({ name: `${name}_add` }).apply([outer, shortcut])) as Symbolic;
      }
    });
    return classifier(x);
  });

/**
 * A dense block of three layers with a transition (Huang et al. 2017): batch norm first, every layer reads
 * all before it.
 */
export const denseBlock = () =>
  network([6, 6, 3], (input) => {
    let x = conv(input, 'stem', 6);
    for (const name of ['dense1', 'dense2', 'dense3']) {
      const grown = conv(
        normRelu(conv(normRelu(x, `${name}_in`), `${name}_bottleneck`, 5, 1), name),
        name,
        4,
      );
      x = library.concatenate({ name: `${name}_concat` }).apply([x, grown]) as Symbolic;
    }
    x = library
      .averagePooling2d({ poolSize: 2 })
      .apply(conv(normRelu(x, 'transition_in'), 'transition', 8, 1)) as Symbolic;
    return classifier(normRelu(x, 'last'));
  });

/**
 * MobileNet v1 (Howard et al. 2017) as Keras writes it: explicit padding, depthwise and pointwise, Reshape
 * and a 1x1 convolution as classifier.
 */
export const mobilenetV1 = () =>
  network([9, 9, 3], (input) => {
    const relu6 = (x: Symbolic) => library.reLU({ maxValue: 6 }).apply(x) as Symbolic;
    const padded = library
      .zeroPadding2d({
        padding: [
          [0, 1],
          [0, 1],
        ],
      })
      .apply(input) as Symbolic;
    let x = relu6(
      library
        .batchNormalization({ name: 'conv1_bn' })
        .apply(
          library
            .conv2d({ name: 'conv1', filters: 4, kernelSize: 3, strides: 2, useBias: false })
            .apply(padded),
        ) as Symbolic,
    );
    [6, 8].forEach((filters, i) => {
      x = library
        .depthwiseConv2d({ name: `dw${i + 1}`, kernelSize: 3, padding: 'same', useBias: false })
        .apply(x) as Symbolic;
      x = relu6(library.batchNormalization({ name: `dw${i + 1}_bn` }).apply(x) as Symbolic);
      x = relu6(
        library
          .batchNormalization({ name: `pw${i + 1}_bn` })
          .apply(conv(x, `pw${i + 1}`, filters, 1)) as Symbolic,
      );
    });
    const pooled = library
      .reshape({ name: 'reshape_1', targetShape: [1, 1, 8] })
      .apply(library.globalAveragePooling2d({}).apply(x));
    const scores = library
      .conv2d({ name: 'preds', filters: 3, kernelSize: 1 })
      .apply(library.dropout({ rate: 0.1 }).apply(pooled));
    return library
      .reshape({ name: 'reshape_2', targetShape: [3] })
      .apply(library.activation({ activation: 'softmax' }).apply(scores)) as Symbolic;
  });

/**
 * Two inverted residuals (Sandler et al. 2018): expand, depthwise, project linearly; the second has a
 * shortcut.
 */
export const mobilenetV2 = () =>
  network([8, 8, 3], (input) => {
    const block = (x: Symbolic, name: string, filters: number, strides: number) => {
      const expanded = convNormRelu(x, `${name}_expand`, 3 * x.shape.at(-1)!, 1);
      const depthwise = library
        .depthwiseConv2d({ name: `${name}_dw`, kernelSize: 3, strides, padding: 'same', useBias: false })
        .apply(expanded) as Symbolic;
      return library
        .batchNormalization({ name: `${name}_project_bn` })
        .apply(conv(normRelu(depthwise, `${name}_dw`), `${name}_project`, filters, 1)) as Symbolic;
    };
    const first = block(convNormRelu(input, 'stem', 4, 3, 2), 'block1', 5, 2);
    const second = library.add({ name: 'add' }).apply([first, block(first, 'block2', 5, 1)]) as Symbolic;
    return classifier(convNormRelu(second, 'head', 12, 1));
  });

/** An Inception block (Szegedy et al. 2015): four branches joined by channel, twice. */
export const inception = () =>
  network([6, 6, 3], (input) => {
    const block = (x: Symbolic, name: string) => {
      const one = convNormRelu(x, `${name}_1x1`, 3, 1);
      const three = convNormRelu(convNormRelu(x, `${name}_3x3_reduce`, 2, 1), `${name}_3x3`, 4);
      const five = convNormRelu(convNormRelu(x, `${name}_5x5_reduce`, 2, 1), `${name}_5x5`, 2, 5);
      const pooled = convNormRelu(
        library.maxPooling2d({ poolSize: 3, strides: 1, padding: 'same' }).apply(x) as Symbolic,
        `${name}_pool`,
        3,
        1,
      );
      return library.concatenate({ name: `${name}_concat` }).apply([one, three, five, pooled]) as Symbolic;
    };
    return classifier(block(block(input, 'mixed1'), 'mixed2'));
  });

/**
 * A U-Net of one level (Ronneberger et al. 2015): the skip is concatenated with the upsampled path; the
 * output is an image.
 */
export const unet = () =>
  network([8, 8, 3], (input) => {
    const down = convNormRelu(input, 'down', 4);
    const bottom = convNormRelu(library.maxPooling2d({ poolSize: 2 }).apply(down) as Symbolic, 'bottom', 6);
    const up = library
      .conv2dTranspose({
        name: 'up',
        filters: 5,
        kernelSize: 2,
        strides: 2,
        padding: 'same',
        kernelInitializer: 'zeros',
      })
      .apply(bottom) as Symbolic;
    const joined = library.concatenate({ name: 'skip' }).apply([down, up]) as Symbolic;
    return library
      .conv2d({ name: 'mask', filters: 2, kernelSize: 1, activation: 'softmax', kernelInitializer: 'zeros' })
      .apply(convNormRelu(joined, 'decode', 4)) as Symbolic;
  });
