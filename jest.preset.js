// Shared by every package: TypeScript through swc, siblings read from source (the `tersor/source` export
// condition). The host finds plugins at run time by the same condition; worker processes inherit this.
process.env.TERSOR_CONDITIONS ??= 'tersor/source';

/**
 * Which tests run. From end to end, by the names of their files, are those that start servers of queues or
 * many processes, kill them again and again, take real networks through the commands, or drive a browser:
 * left out unless `e2e` (these alone) or `all` is asked for.
 */
const kind = process.env.TERSOR_TESTS;

module.exports = {
  runtime: require.resolve('./jest.runtime.js'),
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['tersor/source', 'node', 'require', 'default'] },
  // Tests run in a context of their own, where every use of a global is looked up anew, at a hundred times the
  // cost: to loops over weights these are handed in. None of them is ever replaced by a test.
  sandboxInjectedGlobals: [
    // `Symbol` is asked for by every loop of tfjs, which is compiled for engines without it.
    ...['Infinity', 'Math', 'Number', 'Array', 'Map', 'Set', 'WeakMap', 'Object', 'String', 'Symbol'],
    ...[
      'Float32Array',
      'Float64Array',
      'Int8Array',
      'Int32Array',
      'Uint8Array',
      'Uint16Array',
      'Uint32Array',
    ],
  ],
  testMatch: [`<rootDir>/(src|test)/**/*${kind === 'e2e' ? '.e2e' : ''}.test.ts`],
  testPathIgnorePatterns: ['/node_modules/', ...(kind ? [] : ['\\.e2e\\.test\\.ts$'])],
  resolver: require.resolve('./jest.resolver.js'),
  // These are ECMAScript modules, which jest's own loader takes only turned into CommonJS.
  transformIgnorePatterns: ['/node_modules/(?!(onnx-buf|@bufbuild|hyparquet|hyparquet-writer)/)'],
  setupFilesAfterEnv: [require.resolve('./jest.setup.js')],
  transform: {
    '^.+\\.[cm]?[jt]s$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
    ],
  },
};
