// Lays the ImageNet sample out for bench/paper/mobilenet.yaml: node bench/paper/imagenet-sample.mjs The
// sample is 1,000 images, one a class, 256x256, in a tar of <wnid>.jpg (../shared/data, or the folder named
// by TERSOR_DATA). examples/data/imagenet-sample gets the images, classes.txt (the sorted wnids: the order of
// every published network's outputs) and lists: 600 images to search on, 400 to test on, and 40 of those for
// a dry run.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SEED = 1;
const SEARCH = 600;
const FEW = 40;
const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const archive = join(process.env.TERSOR_DATA ?? join(root, '../shared/data'), 'imagenet-1k-sample.tar');
const folder = join(root, 'examples/data/imagenet-sample');

if (!existsSync(archive)) {
  console.error(`${archive} does not exist. Name the folder that holds it in TERSOR_DATA.`);
  process.exit(1);
}
mkdirSync(join(folder, 'images'), { recursive: true });
execFileSync('tar', ['-xf', archive, '-C', join(folder, 'images'), '--strip-components=1']);

const classes = readdirSync(join(folder, 'images'))
  .filter((file) => file.endsWith('.jpg'))
  .map((file) => file.slice(0, -'.jpg'.length))
  .sort();
const hash = (name) => createHash('sha256').update(`${SEED}/${name}`).digest('hex');
const drawn = classes
  .map((name, label) => ({ name, label, hash: hash(name) }))
  .sort((a, b) => (a.hash < b.hash ? -1 : 1));
const list = (entries) =>
  entries
    .sort((a, b) => a.label - b.label)
    .map(({ name, label }) => `images/${name}.jpg ${label}\n`)
    .join('');
writeFileSync(join(folder, 'classes.txt'), classes.map((name) => `${name}\n`).join(''));
writeFileSync(join(folder, 'search.txt'), list(drawn.slice(0, SEARCH)));
writeFileSync(join(folder, 'test.txt'), list(drawn.slice(SEARCH)));
writeFileSync(join(folder, 'few.txt'), list(drawn.slice(SEARCH, SEARCH + FEW)));
console.log(
  `${folder}: ${classes.length} classes, ${SEARCH} images to search on, ${classes.length - SEARCH} to test on`,
);
