const { existsSync } = require('node:fs');
const { join } = require('node:path');
const { fileURLToPath } = require('node:url');

/**
 * Finds modules as jest does, with two things that it does not know. Node's `import()` takes the address of a
 * file, which jest turns into a `require`, which takes paths. And relative imports name the built file, as
 * Node wants it, where only the source beside it is there: looked up here at once, since a `moduleNameMapper`
 * would try every file of every library, too, which took a third of the time to load our packages.
 */
module.exports = (request, options) => {
  if (/^\.{1,2}\/.*\.js$/.test(request) && !options.basedir.includes('node_modules')) {
    const source = join(options.basedir, `${request.slice(0, -3)}.ts`);
    if (existsSync(source)) return source;
  }
  return options.defaultResolver(request.startsWith('file:') ? fileURLToPath(request) : request, options);
};
