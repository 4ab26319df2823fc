// docs/guide/pytorch.md as it is written, in a project that has the packed packages: a network that PyTorch
// exported goes through the page's config and its three commands, and comes back as a smaller ONNX file. In a
// project of yours with the packages in it: node tools/outside-pytorch.mjs <folder>
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32, deflateSync } from 'node:zlib';
import { root } from './packages.mjs';

/** Images of the example's files: a byte for the class, then planes of red, green and blue. */
const SIDE = 32;
const RECORD = 1 + 3 * SIDE * SIDE;
const COUNTS = { train: ['data_batch_1.bin', 300], val: ['test_batch.bin', 100] };

/** Follows the page in `<project>/pytorch`; gives the bytes of the network before and after. */
export function followPytorchPage(project) {
  const folder = join(project, 'pytorch');
  mkdirSync(folder);
  copyFileSync(join(root, 'plugins/format-onnx/test/models/resnet.onnx'), join(folder, 'net.onnx'));
  for (const [part, [file, count]] of Object.entries(COUNTS)) writeImages(folder, part, file, count);
  const page = readFileSync(join(root, 'docs/guide/pytorch.md'), 'utf8');
  const blocks = [...page.matchAll(/```(yaml|bash)\n([^]*?)```/g)];
  const commands = blocks.filter(([, kind]) => kind === 'bash');
  if (commands.length !== 3) throw new Error(`pytorch.md has ${commands.length} commands, not three`);
  for (const [, kind, text] of blocks) {
    if (kind === 'yaml') writeFileSync(join(folder, 'compress.yaml'), text);
    else
      execFileSync('bash', ['-ec', text], {
        cwd: folder,
        env: { ...process.env, NODE_OPTIONS: '' },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
  }
  const bytes = (path) => statSync(join(folder, path)).size;
  const [before, after] = [bytes('net.onnx'), bytes('out/onnx/model.onnx')];
  if (!(after < 0.25 * before)) throw new Error(`pytorch.md made ${after} bytes of ${before}`);
  const names = readFileSync(join(folder, 'out/onnx/model.onnx'), 'latin1');
  if (!names.includes('images') || !names.includes('scores'))
    throw new Error('the ONNX file that pytorch.md wrote lost the names of its input and output');
  return { before, after };
}

/** A folder for every class, with images as PNG. */
function writeImages(folder, part, file, count) {
  const records = readFileSync(join(root, 'examples/data/cifar-10-mini', file));
  for (let i = 0; i < count; i++) {
    const record = records.subarray(i * RECORD, (i + 1) * RECORD);
    const place = join(folder, 'images', part, `class${record[0]}`);
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, `${i}.png`), png(record.subarray(1)));
  }
}

/** Planes of red, green and blue as a PNG file. */
function png(planes) {
  const rows = Buffer.alloc(SIDE * (1 + 3 * SIDE));
  for (let y = 0; y < SIDE; y++)
    for (let x = 0; x < SIDE; x++)
      for (let color = 0; color < 3; color++)
        rows[y * (1 + 3 * SIDE) + 1 + 3 * x + color] = planes[color * SIDE * SIDE + y * SIDE + x];
  const header = Buffer.alloc(13);
  header.writeUInt32BE(SIDE, 0);
  header.writeUInt32BE(SIDE, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const chunks = [chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...chunks]);
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const ends = [Buffer.alloc(4), Buffer.alloc(4)];
  ends[0].writeUInt32BE(data.length);
  ends[1].writeUInt32BE(crc32(body));
  return Buffer.concat([ends[0], body, ends[1]]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { before, after } = followPytorchPage(resolve(process.argv[2] ?? '.'));
  console.log(`pytorch.md: ${before} bytes became ${after}`);
}
