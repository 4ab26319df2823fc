// node --conditions=tersor/source --require ./tools/read-sources.cjs packages/cli/src/main.ts
//
// Processes that tests start read the sources as jest reads them, through swc; with tsx a start takes three
// times the work. What swc gives is kept under node_modules/.cache by the hash of what it was given, so that no
// process ever reads old sources.
const { createHash } = require('node:crypto');
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const Module = require('node:module');
const { join } = require('node:path');
const { fileURLToPath } = require('node:url');
const { threadId } = require('node:worker_threads');

const options = {
  jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
  module: { type: 'commonjs' },
};
const salt = JSON.stringify([options, require('@swc/core/package.json').version]);
const cache = join(__dirname, '../node_modules/.cache/tersor-sources');
mkdirSync(cache, { recursive: true });

function transpiled(path) {
  const source = readFileSync(path, 'utf8');
  const kept = join(cache, `${createHash('sha1').update(salt).update(path).update(source).digest('hex')}.js`);
  try {
    return readFileSync(kept, 'utf8');
  } catch {
    const { code } = require('@swc/core').transformSync(source, { ...options, filename: path, swcrc: false });
    // Several processes, and threads of one, may write the same file: each writes its own, and the last stays.
    const own = `${kept}.${process.pid}.${threadId}`;
    writeFileSync(own, code);
    renameSync(own, kept);
    return code;
  }
}

const read = (module, path) => module._compile(transpiled(path), path);
// Modules of users' own, too: not every Node 20 has a `require` that takes them.
Object.assign(Module._extensions, { '.ts': read, '.mjs': read });

const resolve = Module._resolveFilename;
Module._resolveFilename = function (request, parent, ...rest) {
  // `import()` takes the address of a file; swc turns it into a `require`, which takes paths.
  const path = request.startsWith('file:') ? fileURLToPath(request) : request;
  const isSource = parent?.filename?.endsWith('.ts') && /^\.{1,2}\/.*\.js$/.test(path);
  if (!isSource) return resolve.call(this, path, parent, ...rest);
  try {
    return resolve.call(this, `${path.slice(0, -3)}.ts`, parent, ...rest);
  } catch {
    return resolve.call(this, path, parent, ...rest);
  }
};
