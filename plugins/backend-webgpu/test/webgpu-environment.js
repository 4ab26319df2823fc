const { TestEnvironment } = require('jest-environment-node');

/** Node's test environment with the module `webgpu` as the global `importedWebgpu`, or why it cannot be imported. */
module.exports = class extends TestEnvironment {
  async setup() {
    await super.setup();
    const imported = await import('webgpu').catch((error) => ({ error }));
    this.global.importedWebgpu = imported;
  }
};
