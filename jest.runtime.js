const { Script, constants } = require('node:vm');
const Runtime = require('jest-runtime').default;

// Jest and Nx ask for colours, for lines of their own; what our programs write is compared as plain text.
delete process.env.FORCE_COLOR;
process.env.NO_COLOR = '1';

/**
 * Compiles modules so that V8 finds those again that the same process has compiled for an earlier test file:
 * tfjs, and most of our own. Jest gives each a loader of ECMAScript modules of its own, which makes it another
 * script to V8; no module that tests load needs one, since swc turns `import()` into `require`. This takes a
 * quarter off the work of a file that is done in a second.
 */
module.exports = class SharedCodeRuntime extends Runtime {
  constructor(...args) {
    super(...args);
    const { executor } = this;
    executor.compile = (source, filename) => {
      const context = executor.environment.getVmContext();
      // Jest is told so when a test goes on after its end.
      if (context === null) return null;
      const head = `(function (${executor.injectedModuleParameters.join(',')}) {`;
      return new Script(`${head}${source}\n})`, {
        filename,
        columnOffset: -head.length,
        importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
      }).runInContext(context);
    };
  }
};
