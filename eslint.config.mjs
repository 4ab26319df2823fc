import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

const onlyIn = (tag, allowed) => ({ sourceTag: tag, onlyDependOnLibsWithTags: allowed });
const backends = ['@tensorflow/tfjs-backend-*', '@tensorflow/tfjs-node*'];

export default tseslint.config(
  {
    ignores: [
      '**/dist',
      '**/out-tsc',
      '**/out',
      '**/node_modules',
      '**/*.config.js',
      'docs/.vitepress',
      '**/templates',
    ],
  },
  { plugins: { '@nx': nx } },
  ...tseslint.configs.strict.map((config) => ({ ...config, files: ['**/*.ts'] })),
  {
    files: ['**/*.ts'],
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        {
          enforceBuildableLibDependency: true,
          // The command line loads core where a command needs it, and not for --help.
          checkDynamicDependenciesExceptions: ['@tersor/core'],
          // The fixtures of network's tests serve those of compression and of the pruners, too.
          allow: [
            '../../network/test/**',
            '../../../network/test/**',
            '../../../packages/network/test/**',
            '../../../../packages/network/test/**',
          ],
          depConstraints: [
            onlyIn('scope:core', ['scope:core']),
            onlyIn('scope:rl', ['scope:core', 'scope:testing']),
            onlyIn('scope:network', ['scope:core', 'scope:runtime', 'scope:testing']),
            onlyIn('scope:runtime', ['scope:core']),
            onlyIn('scope:testing', ['scope:core']),
            onlyIn('scope:compression', [
              'scope:core',
              'scope:network',
              'scope:rl',
              'scope:runtime',
              'scope:testing',
            ]),
            onlyIn('scope:study', [
              'scope:core',
              'scope:network',
              'scope:rl',
              'scope:compression',
              'scope:testing',
            ]),
            onlyIn('scope:ui', ['scope:core', 'scope:compression', 'scope:study', 'scope:testing']),
            onlyIn('scope:plugin', [
              'scope:core',
              'scope:network',
              'scope:rl',
              'scope:compression',
              'scope:study',
              'scope:testing',
            ]),
            onlyIn('scope:cli', ['*']),
            onlyIn('scope:create', ['scope:core', 'scope:testing']),
            onlyIn('scope:tools', ['scope:create']),
          ],
        },
      ],
      'no-restricted-imports': [
        'error',
        {
          paths: [{ name: 'inversify', message: 'Only core/src/host.ts touches the container.' }],
          patterns: [{ group: backends, message: 'Only backend plugins import a tfjs backend.' }],
        },
      ],
      'max-lines': ['error', { max: 400 }],
      // Prettier wraps code; comments are wrapped by hand. Texts may be longer.
      'max-len': [
        'error',
        {
          code: 110,
          ignoreStrings: true,
          ignoreTemplateLiterals: true,
          ignoreRegExpLiterals: true,
          ignoreUrls: true,
        },
      ],
      'no-console': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  { files: ['packages/core/src/host.ts'], rules: { 'no-restricted-imports': 'off' } },
  {
    files: [
      'plugins/backend-*/**/*.ts',
      'packages/network/src/graph/fallback-kernels.ts',
      '**/*.test.ts',
      '**/test/**/*.ts',
      'bench/**/*.ts',
      'examples/**/*.ts',
    ],
    rules: { 'no-restricted-imports': 'off' },
  },
  // What a class of layers does is said once, in its record. Readers and writers of files translate between
  // classes.
  {
    files: ['packages/{network,compression,study}/src/**/*.ts', 'plugins/{pruner,quantizer}-*/src/**/*.ts'],
    ignores: ['packages/network/src/{layers,lowering}/**', '**/keras3-topology.ts', '**/*.test.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...['left.name', 'left.property.name'].map((place) => ({
          selector: `BinaryExpression[${place}='className'][right.type='Literal']`,
          message: 'Ask its record (factsOf) what a layer does; records are in packages/network/src/layers.',
        })),
      ],
    },
  },
  { files: ['bench/**/*.ts', 'examples/*/measure.ts'], rules: { 'no-console': 'off' } },
  // An example is nobody's library: it stands on all of them, as a user's project does.
  { files: ['examples/**/*.ts'], rules: { '@nx/enforce-module-boundaries': 'off' } },
  { files: ['**/*.test.ts'], rules: { 'no-console': 'off' } },
  // The test of the plugin that the documentation shows reads it where the documentation has it.
  {
    files: ['packages/create-plugin/src/docs-example.test.ts'],
    rules: { '@nx/enforce-module-boundaries': 'off' },
  },
);
