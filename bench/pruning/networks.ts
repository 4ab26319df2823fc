// Models and images that several benches measure on.
import { join, resolve } from 'node:path';

export const ROOT = resolve(__dirname, '../..');

/** A model, and the data set that it is measured on, as a config names it. */
export interface Measured {
  readonly model: string;
  readonly dataset: { readonly use: string; readonly [option: string]: unknown };
}

const MINI = { use: 'cifar10', dir: join(ROOT, 'examples/data/cifar-10-mini'), validation: 1000 };

export const EXAMPLE: Measured = { model: join(ROOT, 'examples/vgg-small/model/model.json'), dataset: MINI };

export const RESNET20: Measured = { model: join(ROOT, 'examples/resnet20/model/model.json'), dataset: MINI };

/** Needs ../shared, and what `node bench/paper/imagenet-sample.mjs` lays out. */
export const MOBILENET: Measured = {
  model: resolve(ROOT, '../shared/data/models/mobilenet_v1_025_224/model.json'),
  dataset: {
    use: 'image-folder',
    dir: join(ROOT, 'examples/data/imagenet-sample'),
    train: 'search.txt',
    test: 'test.txt',
    classes: 'classes.txt',
    validation: 300,
    normalize: 'minus-one-to-one',
  },
};

/** Needs ../shared; its images are all of CIFAR-10. */
export const VGG19_MODEL = resolve(ROOT, '../shared/data/models/vgg19-cifar10/model.json');
