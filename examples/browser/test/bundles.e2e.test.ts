import '@tensorflow/tfjs-backend-cpu';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { loadModel } from '@tersor/runtime';

const root = join(__dirname, '../../..');
const chromium = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const packed = join(root, 'packages/runtime/test/golden-v1.tersor');

(existsSync(chromium) ? describe : describe.skip)(
  `a <script type="module"> in a headless Chromium${existsSync(chromium) ? '' : ` (skipped: no ${chromium})`}`,
  () => {
    it('loads a packed model from a single file, with tfjs in it or beside it, and scores as Node does', async () => {
      const told = JSON.parse(
        execFileSync(process.execPath, [join(root, 'examples/browser/check-bundles.mjs'), packed], {
          encoding: 'utf8',
          env: { ...process.env, NODE_OPTIONS: '' },
          stdio: ['ignore', 'pipe', 'inherit'],
        }),
      ) as Record<string, { scores: number[]; errors: string[] }>;
      await tf.setBackend('cpu');
      const model = await loadModel(readFileSync(packed));
      const expected = tf.tidy(() => (model.predict(tf.ones([1, 8, 8, 3])) as tf.Tensor).dataSync());
      model.dispose();
      expect(Object.keys(told)).toEqual(['/with.html', '/without.html']);
      for (const { scores, errors } of Object.values(told)) {
        expect(errors).toEqual([]);
        expect(scores).toHaveLength(expected.length);
        scores.forEach((score, index) => expect(score).toBeCloseTo(expected[index]!, 5));
      }
    });
  },
);
