// Cuts the small CIFAR-10 of examples/data out of the full one:
// node tools/make-cifar10-mini.mjs <folder with data_batch_*.bin> examples/data/cifar-10-mini Training images
// are the first 1,900 of data_batch_1; validation images the last 1,000 of data_batch_5 (the ones that
// examples/vgg-small/train.yaml holds out); test images the first 1,000 of test_batch.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const RECORD = 3073;
const [from, to] = process.argv.slice(2);
if (!from || !to) {
  console.error('usage: node tools/make-cifar10-mini.mjs <full CIFAR-10 folder> <new folder>');
  process.exit(1);
}
const records = (file, first, count) =>
  readFileSync(join(from, file)).subarray(first * RECORD, (first + count) * RECORD);
mkdirSync(to, { recursive: true });
writeFileSync(
  join(to, 'data_batch_1.bin'),
  Buffer.concat([records('data_batch_1.bin', 0, 1900), records('data_batch_5.bin', 9000, 1000)]),
);
writeFileSync(join(to, 'test_batch.bin'), records('test_batch.bin', 0, 1000));
