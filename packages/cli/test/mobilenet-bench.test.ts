import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tersor } from './tersor.js';

// The public network and the sample of ImageNet are not part of the repository.
const root = join(__dirname, '../../..');
const data = process.env['TERSOR_DATA'] ?? join(root, '../shared/data');
const model = join(data, 'models/mobilenet_v1_025_224/model.json');
const isThere = existsSync(model) && existsSync(join(data, 'imagenet-1k-sample.tar'));
const whereData = isThere ? test : test.skip;

whereData(
  'the bench with MobileNet v1 of ImageNet runs on wasm: two episodes a stage, on few images',
  async () => {
    execFileSync(process.execPath, [join(root, 'bench/paper/imagenet-sample.mjs')]);
    const out = await mkdtemp(join(tmpdir(), 'tersor-mobilenet-'));
    const stages = ['prune', 'quantize'].flatMap((stage) => [
      `${stage}.search.episodes=2`,
      `${stage}.images=40`,
    ]);
    const settings = [
      `model=${model}`,
      'backend=wasm',
      'dataset.validation=40',
      'dataset.test=few.txt',
      'prune.pruner.images=40',
      ...stages,
    ];
    try {
      const config = join(root, 'bench/paper/mobilenet.yaml');
      const { code, err } = await tersor(
        'compress',
        config,
        '--out',
        out,
        '--quiet',
        ...settings.flatMap((setting) => ['--set', setting]),
      );
      expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' });
      const { baseline, pruned, compressed } = JSON.parse(
        await readFile(join(out, 'summary.json'), 'utf8'),
      ) as Record<string, Figures>;
      // 57.8% of the whole sample with tfjs-node; on 40 images one is 2.5 points.
      expect(baseline!.accuracy.test).toBeGreaterThan(0.4);
      expect(pruned!.macs).toBeLessThanOrEqual(0.75 * baseline!.macs);
      expect(compressed!.bytes).toBeLessThanOrEqual(320_000);
    } finally {
      await rm(out, { recursive: true, force: true });
    }
  },
);

interface Figures {
  readonly macs: number;
  readonly bytes: number;
  readonly accuracy: { readonly test: number };
}
