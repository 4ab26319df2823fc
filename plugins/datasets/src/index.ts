import { cifar10 } from './cifar10.js';
import { idx } from './idx.js';
import { imageFolder } from './image-folder/image-folder.js';

export { cifar10, idx, imageFolder };
export { recordsDataset, type ImageRecords, type Normalization } from './image-folder/image-records.js';
export default [cifar10, idx, imageFolder];
