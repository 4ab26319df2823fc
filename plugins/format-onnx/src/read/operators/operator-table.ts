import type { Lowering } from '../site.js';
import { ACTIVATIONS } from './activations.js';
import { ARITHMETIC } from './arithmetic.js';
import { CONVOLUTION } from './convolution.js';
import { DENSE } from './dense.js';
import { NORMALIZATION } from './normalization.js';
import { PARTS } from './parts.js';
import { POOLING } from './pooling.js';
import { REPEATING } from './repeating.js';
import { ROUNDINGS } from './rounding.js';
import { RESIZE } from './resize.js';
import { SHAPE } from './shape.js';

/** How each operator of ONNX is read, where it works on results of the network. */
export const OPERATORS: ReadonlyMap<string, Lowering> = new Map(
  Object.entries({
    ...ACTIVATIONS,
    ...ARITHMETIC,
    ...CONVOLUTION,
    ...DENSE,
    ...NORMALIZATION,
    ...PARTS,
    ...POOLING,
    ...REPEATING,
    ...RESIZE,
    ...ROUNDINGS,
    ...SHAPE,
  }),
);
