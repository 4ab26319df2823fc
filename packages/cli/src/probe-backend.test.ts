import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { probeBackend } from './probe-backend.js';

// Each starts a process that reads the sources.
jest.setTimeout(120_000);

describe('probeBackend', () => {
  let folder: string;
  // Whoever runs this may have the variables set.
  beforeAll(() => void delete process.env['MALLOC_TRIM_THRESHOLD_']);
  beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'tersor-probe-'))));
  afterAll(() => rm(folder, { recursive: true }));
  /** Tries a backend whose `isAvailable` is this code, in a plugin file of its own. */
  const probe = async (name: string, code: string) => {
    const source = join(folder, `${name}.cjs`);
    await writeFile(
      source,
      `const options = { safeParse: () => ({ success: true, data: {} }), parse: () => ({}) };
      const create = () => ({ async isAvailable() { ${code} } });
      module.exports = { tersorPlugin: 1, name: '${name}', kind: 'backend', id: '${name}', core: '*', description: 'a test', options, create };`,
    );
    return probeBackend({ source, id: name, directories: [folder] });
  };

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
      reason: expect.stringContaining('silent.cjs gave undefined'),
    });
  });

  it('starts the process as a run is started: with the allocator that tfjs-node wants', async () => {
    const code = `return { available: true, details: { trim: String(process.env.MALLOC_TRIM_THRESHOLD_) } };`;
    const isGlibc =
      (process.report.getReport() as { header: { glibcVersionRuntime?: string } }).header
        .glibcVersionRuntime !== undefined;
    expect((await probe('node', code)).availability).toEqual({
      available: true,
      details: { trim: isGlibc ? '100000000000' : 'undefined' },
    });
    expect((await probe('other', code)).availability).toEqual({
      available: true,
      details: { trim: 'undefined' },
    });
  });
});
