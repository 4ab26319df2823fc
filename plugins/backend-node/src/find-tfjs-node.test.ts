import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTfjsNode, loadTfjsNode, originOf } from './find-tfjs-node.js';

describe('a tfjs-node in a project', () => {
  let project: string;
  beforeEach(async () => void (project = await mkdtemp(join(tmpdir(), 'tersor-origin-'))));
  afterEach(() => rm(project, { recursive: true, force: true }));
  /**
   * The package's folder as npm lays it out under `root`, with the library in deps/lib or linked from a
   * wheel's folder.
   */
  const install = async (root: string, wheel?: string) => {
    const folder = join(project, root, 'node_modules/@tensorflow/tfjs-node');
    await mkdir(join(folder, 'deps'), { recursive: true });
    await writeFile(join(folder, 'package.json'), '{}');
    if (wheel === undefined) await mkdir(join(folder, 'deps/lib'));
    else await symlink(join(project, wheel, 'lib'), join(folder, 'deps/lib'));
    return folder;
  };
  const SETUP = 'node_modules/.cache/tersor/tfjs-node';

  it('came by npm install', async () => {
    const folder = await install('.');
    expect(findTfjsNode([project])).toBe(folder);
    expect(originOf(folder)).toBe('npm install');
  });

  it("came by setup:tfjs-node with tfjs-node's own library", async () => {
    const folder = await install(SETUP);
    expect(findTfjsNode([project])).toBe(folder);
    expect(originOf(folder)).toBe("npm run setup:tfjs-node (tfjs-node's own download)");
  });

  it("came by setup:tfjs-node with a wheel's library, which is named even when it is gone", async () => {
    expect(originOf(await install(SETUP, 'cache/tensorflow-cpu-2.21.0'))).toBe(
      'npm run setup:tfjs-node (the TensorFlow wheel tensorflow-cpu-2.21.0)',
    );
  });

  it("is the project's own one before that of setup:tfjs-node", async () => {
    await install(SETUP);
    const own = await install('.');
    expect(findTfjsNode([project])).toBe(own);
  });

  it('does not see the command line of a trial, whose --directory its loader would take for its own', async () => {
    const folder = await install('.');
    await writeFile(
      join(folder, 'index.js'),
      "throw new Error(process.argv.slice(2).join(' ') || 'nothing seen');",
    );
    const { argv } = process;
    process.argv = [...argv.slice(0, 2), 'compress', 'config.json', '--directory', '/elsewhere'];
    try {
      expect(await loadTfjsNode([project])).toMatchObject({
        reason: expect.stringMatching(/cannot be loaded: nothing seen$/),
      });
      expect(process.argv).toContain('--directory');
    } finally {
      process.argv = argv;
    }
  });
});
