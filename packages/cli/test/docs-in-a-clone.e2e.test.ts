import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { channelGroups, readNetwork, removeAll, writeModel } from '@tersor/network';
import { parse as parseYaml, stringify as stringifyYaml } from 'yaml';
import { shellBlocks, writtenFiles } from './doc-commands.js';
import { filesOf, pagesOf, root, textOf } from './doc-pages.js';

const BASH = process.platform === 'win32' ? undefined : 'bash';
(BASH ? describe : describe.skip)('the commands of the README and the guide, in a clone', () => {
  const guide = pagesOf().filter((page) => page === 'README.md' || page.startsWith('docs/guide/'));
  const blocks = guide.flatMap((page) =>
    shellBlocks(page, textOf(page)).filter(({ marker }) => marker === ''),
  );
  let clone: string;
  beforeAll(async () => {
    clone = await mkdtemp(join(tmpdir(), 'tersor-docs-'));
    for (const name of ['packages', 'plugins', 'tools', 'bench', 'node_modules', 'package.json'])
      await symlink(join(root, name), join(clone, name));
    // As npm links it.
    await mkdir(join(clone, 'bin'));
    await symlink(join(root, 'tools/bin/tersor.mjs'), join(clone, 'bin/tersor'));
    await smallExamples(clone);
  });
  afterAll(() => rm(clone, { recursive: true, force: true }));

  it.each(blocks.map((block) => [`${block.page}:${block.line}`, block] as const))(
    '%s ends well',
    async (_where, { page, text }) => {
      for (const [name, content] of writtenFiles(textOf(page)))
        await writeFile(join(clone, name), small(content));
      const { status, stderr } = spawnSync(
        BASH!,
        ['-euo', 'pipefail', '-c', text.replaceAll(/\bnpx tersor\b/g, 'bin/tersor')],
        { cwd: clone, encoding: 'utf8' },
      );
      expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    },
  );
});

const SMALL: Readonly<Record<string, number>> = { episodes: 2, images: 3, validation: 10, epochs: 1 };
/** Records of each file of data: as many for training as for validation. */
const IMAGES = 20;
/** Channels that the example's network keeps, of its own: inverting what its layers read takes their cube. */
const CHANNELS = 0.25;

/** The same config with so few images, episodes and epochs that it is done in a second, on one thread. */
function small(yaml: string): string {
  const reduce = (value: unknown, key = ''): unknown => {
    if (typeof value === 'number') return SMALL[key] === undefined ? value : Math.min(value, SMALL[key]);
    if (Array.isArray(value)) return value.map((item) => reduce(item));
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(
        Object.entries(value).map(([name, item]) => [
          name,
          name === 'finetune'
            ? { ...item, epochs: 0 }
            : name === 'backend' && item === 'wasm'
              ? { use: 'wasm', workers: 1 }
              : reduce(item, name),
        ]),
      );
    return value;
  };
  return stringifyYaml(reduce(parseYaml(yaml)));
}

/** The examples with small settings, a thinner network, and the first images of their data. */
async function smallExamples(clone: string): Promise<void> {
  // Not what lies there besides: other tests build in these folders.
  for (const path of filesOf('examples').filter(
    (each) => !each.endsWith('.bin') || each.includes('/model'),
  )) {
    await mkdir(dirname(join(clone, path)), { recursive: true });
    await copyFile(join(root, path), join(clone, path));
  }
  for (const name of ['data_batch_1.bin', 'test_batch.bin']) {
    const path = join('examples/data/cifar-10-mini', name);
    await mkdir(dirname(join(clone, path)), { recursive: true });
    await writeFile(join(clone, path), (await readFile(join(root, path))).subarray(0, IMAGES * 3073));
  }
  const graph = await readNetwork(join(root, 'examples/vgg-small/model/model.json'));
  const kept = channelGroups(graph).groups.map((group) => ({
    group,
    keep: Array.from({ length: Math.ceil(CHANNELS * group.channels) }, (_, i) => i),
  }));
  await writeModel(removeAll(graph, kept), join(clone, 'examples/vgg-small/model'));
  for (const folder of ['vgg-small', 'resnet20', 'studies']) {
    for (const name of (await readdir(join(root, 'examples', folder))).filter((file) =>
      file.endsWith('.yaml'),
    )) {
      const path = join('examples', folder, name);
      await writeFile(join(clone, path), small(await readFile(join(root, path), 'utf8')));
    }
  }
}
