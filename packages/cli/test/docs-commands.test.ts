import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { channelGroups, readNetwork, removeAll, writeModel } from '@tersor/network';
import { parse as parseYaml, stringify as stringifyYaml } from 'yaml';
import { commandsOf, problemsOf, refusalOf, shellBlocks, writtenFiles } from './doc-commands.js';

const root = join(__dirname, '../../..');
const pages = execFileSync('git', ['ls-files', '*.md'], { cwd: root, encoding: 'utf8' })
  .trim()
  .split('\n')
  .filter((page) => !/^(docs\/api-reports|\.changeset)\//.test(page) && existsSync(join(root, page)));
const textOf = (page: string) => readFileSync(join(root, page), 'utf8');

describe('the commands of the documentation', () => {
  it.each(pages.filter((page) => shellBlocks(page, textOf(page)).length > 0))(
    '%s: the command line accepts them, and their files are there',
    async (page) => {
      const written = writtenFiles(textOf(page));
      const made = new Set([
        ...written.keys(),
        ...[...written.values()].map((content) => (parseYaml(content) as { output?: string }).output ?? ''),
      ]);
      const problems: string[] = [];
      for (const block of shellBlocks(page, textOf(page)))
        problems.push(...(await problemsOf(block, { root, made })));
      expect(problems).toEqual([]);
    },
  );

  it('in the text have commands and options that there are', async () => {
    const refusals: string[] = [];
    for (const page of pages) {
      for (const [, command] of textOf(page).matchAll(/`(?:npx )?tersor ([a-z][^`\n]* [^`\n]*)`/g)) {
        const refusal = await refusalOf(commandsOf(command!.replace(/<([^<>]*)>/g, '$1'))[0]!);
        // The text may name an option without the rest of its command, and leave a word open.
        if (refusal !== undefined && !/missing required argument|not specified|Allowed choices/.test(refusal))
          refusals.push(`${page}: ${command}: ${refusal}`);
      }
    }
    expect(refusals).toEqual([]);
  });

  it('are refused when they are wrong', async () => {
    const problems = (text: string, marker = '') =>
      problemsOf({ page: 'p', line: 1, text, marker }, { root, made: new Set() });
    expect(await problems('npx tersor compres a.yaml')).toEqual([expect.stringContaining('unknown command')]);
    expect(await problems('npx tersor compress examples/vgg-small/compress.yaml --outt x')).toEqual([
      expect.stringContaining("unknown option '--outt'"),
    ]);
    expect(await problems('npm run tersor -- compress none.yaml')).toEqual([
      expect.stringContaining('there is no none.yaml'),
    ]);
    expect(
      await problems(
        'npx tersor eval none/model.json --dataset cifar10 --option dir=/none',
        'needs none /none',
      ),
    ).toEqual([]);
    expect(await problems('npm run nothing && node none.mjs | nonesuch')).toEqual([
      expect.stringContaining('script'),
      expect.stringContaining('none.mjs'),
      expect.stringContaining('nonesuch'),
    ]);
    expect(await problems('npm install @tersor/cli # comment')).toEqual([
      expect.stringContaining('no registry has it'),
    ]);
  });
});

const BASH = process.platform === 'win32' ? undefined : 'bash';
(BASH ? describe : describe.skip)('the commands of the README and the guide, in a clone', () => {
  const guide = pages.filter((page) => page === 'README.md' || page.startsWith('docs/guide/'));
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
  await cp(join(root, 'examples'), join(clone, 'examples'), {
    recursive: true,
    filter: (path) => !path.endsWith('.bin') || path.includes('/model'),
  });
  for (const name of ['data_batch_1.bin', 'test_batch.bin']) {
    const path = join('examples/data/cifar-10-mini', name);
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
