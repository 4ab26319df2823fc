// Puts what the page shows into public/: for each network its original, where it is at hand, the packed
// file, and images to try; models.json lists them.
// node --conditions=tersor/source --import tsx examples/browser/prepare.ts [--published]
//
// The original of VGG-19 has 80 MB and is in no repository: the page says its size. With --published, that of
// MobileNet is fetched from where TensorFlow.js publishes it; else the folder that TERSOR_DATA names is
// used, or ../shared/data.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { NetworkEntry } from './src/networks.js';

const IMAGES = 100;
const RECORD = 1 + 32 * 32 * 3;
const root = join(__dirname, '../..');
const target = join(__dirname, 'public');
const data = process.env['TERSOR_DATA'] ?? join(root, '../shared/data');

/** As the data set cifar10 has it: the file of the demo was packed without `describe: true`. */
const CIFAR_10 = {
  classNames: ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
  preprocessing: {
    size: [32, 32],
    mean: [0.4914, 0.4822, 0.4465],
    std: [0.247, 0.2435, 0.2616],
    order: 'rgb',
  },
} as const;

/** A network as the folder models/ has it: figures of the run that made it. */
interface Known extends Omit<NetworkEntry, 'original' | 'packed' | 'description'> {
  /** Data set whose description the page uses, where the file has none of its own. */
  readonly description?: 'cifar-10';
  readonly originalBytes: number;
  /** Folder of the original's model.json. */
  readonly folder?: string;
  readonly publishedAt?: string;
}

const NETWORKS: readonly Known[] = JSON.parse(
  readFileSync(join(__dirname, 'models/models.json'), 'utf8'),
) as Known[];

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
writeFileSync(
  join(target, 'images.bin'),
  readFileSync(join(root, 'examples/data/cifar-10-mini/test_batch.bin')).subarray(0, IMAGES * RECORD),
);
const entries = NETWORKS.map(
  ({ folder, publishedAt, originalBytes, description, ...known }): NetworkEntry => {
    const packed = `${known.id}.tersor`;
    copyFileSync(join(__dirname, 'models', packed), join(target, packed));
    const url =
      process.argv.includes('--published') && publishedAt ? publishedAt : copyOriginal(known.id, folder);
    return {
      ...known,
      ...(description && { description: CIFAR_10 }),
      original: { bytes: originalBytes, ...(url !== undefined && { url }) },
      packed: { url: packed, bytes: statSync(join(target, packed)).size },
    };
  },
);
writeFileSync(join(target, 'models.json'), `${JSON.stringify(entries, undefined, 2)}\n`);

function copyOriginal(id: string, folder: string | undefined): string | undefined {
  const from = folder?.replace('DATA', data);
  const place = from !== undefined && (folder!.startsWith('DATA') ? from : join(root, from));
  if (!place || !existsSync(place)) return undefined;
  mkdirSync(join(target, id));
  for (const file of readdirSync(place)) {
    if (file.endsWith('.md')) continue;
    copyFileSync(join(place, file), join(target, id, file));
  }
  return `${id}/model.json`;
}
