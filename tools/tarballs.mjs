// npm run tarballs -- <folder>: builds every public package and packs it there, to be installed in a project
// outside of the clone.
import { packAll, run } from './packages.mjs';
import { resolve } from 'node:path';

const [folder] = process.argv.slice(2);
if (!folder) {
  console.error('usage: npm run tarballs -- <folder>');
  process.exit(1);
}
run('npm', ['run', '--silent', 'build']);
const tarballs = packAll(resolve(folder));
console.log(`${tarballs.size} packages are in ${folder}; in a project of yours: npm install ${folder}/*.tgz`);
