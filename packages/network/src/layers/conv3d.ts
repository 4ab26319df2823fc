import { kernelLayer } from './kernel-layer.js';

/** A convolution of volumes. */
export const CONV3D = kernelLayer('Conv3D', { rank: 5, inputs: 3, outputs: 4 });
