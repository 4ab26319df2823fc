import { kernelLayer } from './kernel-layer.js';

/** A transposed convolution: its kernel has outputs before inputs and is applied once per input position. */
export const CONV2D_TRANSPOSE = kernelLayer(
  'Conv2DTranspose',
  { rank: 4, inputs: 3, outputs: 2 },
  { positions: 'input' },
);

/** A transposed convolution of volumes. */
export const CONV3D_TRANSPOSE = kernelLayer(
  'Conv3DTranspose',
  { rank: 5, inputs: 4, outputs: 3 },
  { positions: 'input' },
);
