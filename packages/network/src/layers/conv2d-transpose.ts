import { kernelLayer } from './kernel-layer.js';

/** Transposed convolutions: their kernels are applied once per input position, and have the outputs first. */
export const CONV2D_TRANSPOSE = kernelLayer(
  'Conv2DTranspose',
  { rank: 4, inputs: 3, outputs: 2 },
  { positions: 'input' },
);

/** The same of volumes. */
export const CONV3D_TRANSPOSE = kernelLayer(
  'Conv3DTranspose',
  { rank: 5, inputs: 4, outputs: 3 },
  { positions: 'input' },
);
