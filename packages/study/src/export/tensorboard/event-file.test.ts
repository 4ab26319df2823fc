import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { episodes } from '../../../test/fixtures.js';
import { crc32c, eventFile } from './event-file.js';
import { writeTensorBoard } from './write-tensorboard.js';

describe('eventFile', () => {
  it('uses CRC-32C', () => {
    expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa); // RFC 3720, B.4: 32 bytes of zeroes
  });

  it('starts as every event file does', () => {
    // What tensorboard.summary.Writer writes first, its wall time replaced by 0: length 24, its masked CRC,
    // the version, the masked CRC.
    const file = Buffer.from(eventFile([])).toString('hex');
    expect(file.slice(0, 24)).toBe('1800000000000000a37f4b22');
    expect(file.slice(24, 72)).toBe(`09${'00'.repeat(8)}1a0d${Buffer.from('brain.Event:2').toString('hex')}`);
  });

  it('encodes steps and scalars in the wire format of protocol buffers', () => {
    const file = Buffer.from(eventFile([{ step: 300, wallTime: 1, values: { a: 0.5 } }]));
    const event = file.subarray(40 + 12, file.length - 4).toString('hex');
    // wall_time 1.0, step 300 (ac 02), summary { value { tag "a", simple_value 0.5 } }
    expect(event).toBe('09000000000000f03f' + '10ac02' + '2a0a' + '0a08' + '0a0161' + '150000003f');
  });
});

describe('writeTensorBoard', () => {
  it('writes one file for each stage, the same again the second time', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tersor-tensorboard-'));
    await expect(writeTensorBoard(folder)).rejects.toMatchObject({ code: 'CONFIG_NOT_FOUND' });
    await writeFile(
      join(folder, 'episodes.jsonl'),
      episodes(1)
        .map((line) => JSON.stringify(line))
        .join('\n'),
    );
    const target = await writeTensorBoard(folder);
    expect(await readdir(target)).toEqual(['prune', 'quantize']);
    const [name] = await readdir(join(target, 'prune'));
    const first = await readFile(join(target, 'prune', name!));
    await writeTensorBoard(folder);
    expect(await readdir(join(target, 'prune'))).toEqual([name]);
    expect((await readFile(join(target, 'prune', name!))).equals(first)).toBe(true);
    await rm(folder, { recursive: true });
  });
});
