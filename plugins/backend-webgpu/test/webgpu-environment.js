const { TestEnvironment } = require('jest-environment-node');

/**
 * Node's test environment with the module `webgpu` as the global `importedWebgpu`, or why it cannot be
 * imported; and `hasWebgpuAdapter`, which tests must know before they are defined.
 */
module.exports = class extends TestEnvironment {
  async setup() {
    await super.setup();
    const imported = await import('webgpu').catch((error) => ({ error }));
    this.global.importedWebgpu = imported;
    // The adapter itself is not kept: Node does not exit while one is reachable.
    this.global.hasWebgpuAdapter =
      !imported.error &&
      (await imported
        .create([])
        .requestAdapter()
        .catch(() => null)) !== null;
  }
};
