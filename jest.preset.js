// Shared by every package: TypeScript through swc, siblings read from source (the `tersor/source` export condition).
module.exports = {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['tersor/source', 'node', 'require', 'default'] },
  testMatch: ['<rootDir>/(src|test)/**/*.test.ts'],
  transform: {
    '^.+\\.[cm]?[jt]s$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
    ],
  },
};
