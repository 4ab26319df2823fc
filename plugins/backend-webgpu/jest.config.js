const preset = require('../../jest.preset.js');

module.exports = {
  ...preset,
  displayName: 'backend-webgpu',
  // The package `webgpu` is an ES module, which jest cannot import: the environment imports it outside and
  // hands it in.
  testEnvironment: '<rootDir>/test/webgpu-environment.js',
  // Dawn's module is shared between test files and must outlive each.
  testEnvironmentOptions: { ...preset.testEnvironmentOptions, globalsCleanup: 'off' },
  moduleNameMapper: { ...preset.moduleNameMapper, '^webgpu$': '<rootDir>/test/imported-webgpu.js' },
};
