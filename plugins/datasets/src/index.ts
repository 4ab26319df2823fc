import { cifar10 } from './cifar10.js';
import { idx } from './idx.js';

export { cifar10, idx };
export { recordsDataset, type ImageRecords, type Normalization } from './image-records.js';
export default [cifar10, idx];
