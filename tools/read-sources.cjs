// node --conditions=tersor/source --require ./tools/read-sources.cjs packages/cli/src/main.ts
//
// Processes that tests start read the sources as jest reads them, through swc; with tsx a start takes three
// times the work. What swc gives is kept under node_modules/.cache by the hash of what it was given, so that no
// process ever reads old sources.
const { createHash } = require('node:crypto');
const { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const Module = require('node:module');
const { dirname, join } = require('node:path');
const { fileURLToPath } = require('node:url');
const { Script, constants } = require('node:vm');
const { threadId } = require('node:worker_threads');

const options = {
  jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
  module: { type: 'commonjs' },
};
const salt = JSON.stringify([options, require('@swc/core/package.json').version]);
const cache = join(__dirname, '../node_modules/.cache/tersor-sources');
mkdirSync(cache, { recursive: true });

const nameOf = (...parts) => {
  const hash = createHash('sha1');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

/** Several processes, and threads of one, may write the same file: each writes its own, and the last stays. */
function keep(path, data) {
  const own = `${path}.${process.pid}.${threadId}`;
  writeFileSync(own, data);
  renameSync(own, path);
}

function transpiled(path) {
  const source = readFileSync(path, 'utf8');
  const kept = join(cache, `${nameOf(salt, path, source)}.js`);
  try {
    return readFileSync(kept, 'utf8');
  } catch {
    const { code } = require('@swc/core').transformSync(source, { ...options, filename: path, swcrc: false });
    keep(kept, code);
    return code;
  }
}

const { _compile } = Module.prototype;
// What V8 makes of each module is kept, too. Node does so itself from 22 on.
if (Module.enableCompileCache) Module.enableCompileCache(join(cache, 'compiled'));
else if (constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER) Module.prototype._compile = compileKept;

const fresh = new Map();
// At the end, so that the functions that were called are among it.
process.on('exit', () => fresh.forEach((script, kept) => keep(kept, script.createCachedData())));

/** As `Module.prototype._compile`, to which ECMAScript modules are left. */
function compileKept(content, filename, format) {
  const kept = join(cache, `${nameOf(process.version, filename, content)}.v8`);
  let script;
  try {
    script = new Script(Module.wrap(content.replace(/^#!.*/, '')), {
      filename,
      cachedData: existsSync(kept) ? readFileSync(kept) : undefined,
      importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    });
  } catch {
    return Reflect.apply(_compile, this, [content, filename, format]);
  }
  if (script.cachedDataRejected !== false) fresh.set(kept, script);
  const require = Object.assign((request) => this.require(request), {
    resolve: (request, settings) => Module._resolveFilename(request, this, false, settings),
    main: process.mainModule,
    extensions: Module._extensions,
    cache: Module._cache,
  });
  const wrapped = script.runInThisContext();
  return Reflect.apply(wrapped, this.exports, [this.exports, require, this, filename, dirname(filename)]);
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
