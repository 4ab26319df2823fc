const { fileURLToPath } = require('node:url');

/** Node's `import()` takes the address of a file; jest turns it into a `require`, which takes paths. */
module.exports = (request, options) =>
  options.defaultResolver(request.startsWith('file:') ? fileURLToPath(request) : request, options);
