// The tasks of the experiment, as data. Paths are of a checkout; flags of the bench move them.
export interface Task {
  readonly name: string;
  readonly model: 'example' | 'resnet20' | 'vgg19' | 'mobilenet';
  readonly stage: 'prune' | 'quantize';
  /** Shares of the original, or counts; for `bits` the bytes of all layers at so many bits, on average. */
  readonly budget: { readonly macs?: number; readonly parameters?: number; readonly bits?: number };
  /** Validation images of the search; as many others confirm. */
  readonly images: number;
  /** Training images from which the pruner or the quantizer gathers moments. */
  readonly moments: number;
  readonly minimum?: number;
  readonly round?: number;
  /** Tasks that defaults may be chosen on are none of the six. */
  readonly isForChoices?: boolean;
}

const CIFAR = { images: 500, moments: 1000 } as const;

export const TASKS: readonly Task[] = [
  { name: 'example at 30%', model: 'example', stage: 'prune', budget: { macs: 0.3 }, ...CIFAR },
  { name: 'example at 15%', model: 'example', stage: 'prune', budget: { macs: 0.15 }, ...CIFAR },
  { name: 'ResNet-20 at 40%', model: 'resnet20', stage: 'prune', budget: { macs: 0.4 }, ...CIFAR },
  {
    name: 'VGG-19 at 1.0 M parameters and 12%',
    model: 'vgg19',
    stage: 'prune',
    budget: { parameters: 1_000_000, macs: 0.12 },
    images: 500,
    moments: 500,
    minimum: 0.02,
    round: 8,
  },
  {
    name: 'MobileNet at 60%',
    model: 'mobilenet',
    stage: 'prune',
    budget: { macs: 0.6 },
    images: 150,
    moments: 300,
  },
  {
    name: 'MobileNet at the bytes of 4 bits',
    model: 'mobilenet',
    stage: 'quantize',
    budget: { bits: 4 },
    images: 150,
    moments: 300,
  },
  {
    name: 'example at the bytes of 2.5 bits',
    model: 'example',
    stage: 'quantize',
    budget: { bits: 2.5 },
    images: 500,
    moments: 300,
  },
  {
    name: 'example at 22%',
    model: 'example',
    stage: 'prune',
    budget: { macs: 0.22 },
    isForChoices: true,
    ...CIFAR,
  },
  {
    name: 'ResNet-20 at 55%',
    model: 'resnet20',
    stage: 'prune',
    budget: { macs: 0.55 },
    isForChoices: true,
    ...CIFAR,
  },
  {
    name: 'MobileNet at 75%',
    model: 'mobilenet',
    stage: 'prune',
    budget: { macs: 0.75 },
    images: 150,
    moments: 300,
    isForChoices: true,
  },
];
