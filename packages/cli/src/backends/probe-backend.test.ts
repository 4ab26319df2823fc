import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environmentFor } from './backend-environment.js';
import { probeBackend } from './probe-backend.js';

describe('probeBackend', () => {
  let folder: string;
  beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'tersor-probe-'))));
  afterAll(() => rm(folder, { recursive: true }));
  /** Tries a backend whose `isAvailable` is this code, in a plugin file of its own. */
  const probe = async (name: string, code: string, more = '') => {
    const source = join(folder, `${name}.cjs`);
    await writeFile(
      source,
      `const options = { safeParse: () => ({ success: true, data: {} }), parse: () => ({}) };
      const create = () => ({ async isAvailable() { ${code} } });
      module.exports = { tersorPlugin: 1, name: '${name}', kind: 'backend', id: '${name}', core: '*', description: 'a test', options, create${more && `, ${more}`} };`,
    );
    return probeBackend({ source, id: name, directories: [folder] });
  };

  it('starts the process with the environment variables that the plugin states', async () => {
    const { availability } = await probe(
      'tuned',
      `return { available: true, details: { found: process.env.TERSOR_TEST_TUNING ?? 'nothing' } };`,
      `environment: () => ({ TERSOR_TEST_TUNING: 'as stated' })`,
    );
    expect(availability).toEqual({ available: true, details: { found: 'as stated' } });
  });

  it('keeps what a library writes off the screen', async () => {
    const written: string[] = [];
    const spy = jest
      .spyOn(process.stderr, 'write')
      .mockImplementation((text) => (written.push(String(text)), true));
    const { availability, output } = await probe(
      'noisy',
      `require('fs').writeSync(2, 'WARNING: noise'); return { available: true, details: { cores: 2 } };`,
    );
    spy.mockRestore();
    expect(availability).toEqual({ available: true, details: { cores: 2 } });
    expect(output).toContain('WARNING: noise');
    expect(written).toEqual([]);
  });

  it('outlives a library that crashes, and says how it ended', async () => {
    const { availability, output } = await probe(
      'crashing',
      `require('fs').writeSync(2, 'last words'); process.kill(process.pid, 'SIGKILL'); await new Promise(() => setInterval(() => {}, 1000));`,
    );
    expect(availability).toMatchObject({
      available: false,
      reason: expect.stringContaining('SIGKILL'),
      install: expect.stringContaining('--verbose'),
    });
    expect(output).toContain('last words');
  });

  it('gives the reason and the hint of an error', async () => {
    const { availability } = await probe(
      'failing',
      `throw Object.assign(new Error('no driver'), { name: 'TersorError', code: 'BACKEND_UNAVAILABLE', hint: 'install it' });`,
    );
    expect(availability).toEqual({ available: false, reason: 'no driver', install: 'install it' });
  });

  it('says so of a backend that gives no answer', async () => {
    const { availability } = await probe('silent', 'return undefined;');
    expect(availability).toMatchObject({
      available: false,
      reason: expect.stringContaining('silent.cjs returned undefined'),
    });
  });

  it('knows what the backends state: an allocator for tfjs-node, nothing for others', async () => {
    const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
    const tuned = { MALLOC_MMAP_MAX_: '0', MALLOC_TRIM_THRESHOLD_: '100000000000' };
    expect(await environmentFor({ use: 'node' }, [__dirname])).toEqual(
      header.glibcVersionRuntime ? tuned : {},
    );
    expect(await environmentFor({ use: 'wasm' }, [__dirname])).toEqual({});
    expect(await environmentFor({ use: 'nowhere' }, [__dirname])).toEqual({});
  });
});
