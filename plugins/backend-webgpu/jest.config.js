const preset = require('../../jest.preset.js');

module.exports = {
  ...preset,
  displayName: 'backend-webgpu',
  // The package `webgpu` is an ES module, which jest cannot import: the environment imports it outside and hands it in.
  testEnvironment: '<rootDir>/test/webgpu-environment.js',
  moduleNameMapper: { ...preset.moduleNameMapper, '^webgpu$': '<rootDir>/test/imported-webgpu.js' },
};
