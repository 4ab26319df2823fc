// Shared by every package: TypeScript through swc, siblings read from source (the `tersor/source` export
// condition). The host finds plugins at run time by the same condition; worker processes inherit this.
process.env.TERSOR_CONDITIONS ??= 'tersor/source';

module.exports = {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['tersor/source', 'node', 'require', 'default'] },
  testMatch: ['<rootDir>/(src|test)/**/*.test.ts'],
  resolver: require.resolve('./jest.resolver.js'),
  setupFilesAfterEnv: [require.resolve('./jest.setup.js')],
  transform: {
    '^.+\\.[cm]?[jt]s$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
    ],
  },
};
