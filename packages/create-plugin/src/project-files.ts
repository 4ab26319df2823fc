import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KIND_FACTS, type KindFacts } from './plugin-kinds.js';
import { packageName, type PluginRequest } from './plugin-request.js';

const version = (JSON.parse(readFileSync(join(__dirname, '../package.json'), 'utf8')) as { version: string })
  .version;
const PEER_RANGE = '>=0.1.0 <1.0.0';
const ZOD = '4.6.7';
const TFJS = {
  '@tensorflow/tfjs-backend-cpu': '4.22.0',
  '@tensorflow/tfjs-core': '4.22.0',
  '@tensorflow/tfjs-layers': '4.22.0',
};

/** The package.json of a new plugin. */
export function packageJson(request: PluginRequest): unknown {
  const { kind, layout } = request;
  const { dependencies, peers }: KindFacts = KIND_FACTS[kind];
  const workspace = layout === 'workspace';
  const ours = workspace ? version : `^${version}`;
  const entry = { types: './dist/index.d.ts', default: './dist/index.js' };
  // What `npm run build` of this repository hands on to ES modules.
  const modules = { types: './dist/index.d.mts', default: './dist/index.mjs' };
  return {
    name: packageName(request),
    version: '0.1.0',
    description: KIND_FACTS[kind].summary,
    license: 'Apache-2.0',
    keywords: ['tersor-plugin', `tersor-${kind}`],
    main: './dist/index.js',
    types: './dist/index.d.ts',
    exports: {
      '.': workspace ? { 'tersor/source': './src/index.ts', import: modules, ...entry } : entry,
      './package.json': './package.json',
    },
    ...(workspace ? { sideEffects: false } : {}),
    files: ['dist', '!dist/**/*.tsbuildinfo', '!dist/**/*.test.*', 'README.md', 'LICENSE'],
    engines: { node: '>=20' },
    ...(workspace
      ? {
          publishConfig: { access: 'public' },
          nx: { tags: ['scope:plugin', ...(kind === 'backend' ? ['kind:backend'] : [])] },
        }
      : {
          scripts: {
            build: 'tsc',
            test: 'tsc && node --test dist/contract.test.js dist/pipeline.test.js',
            check: `tersor check ${checkArguments(request)}`,
            prepack: 'tsc',
          },
        }),
    dependencies: sorted({
      ...Object.fromEntries(Object.entries(dependencies).map(([name, range]) => [name, range ?? ours])),
      zod: ZOD,
    }),
    peerDependencies: sorted({ '@tersor/core': PEER_RANGE, ...peers }),
    devDependencies: sorted(
      without(dependencies, {
        '@tersor/testing': ours,
        // The tests build networks and run them through the pipeline; the contract of agents counts tensors.
        ...TFJS,
        '@tersor/compression': ours,
        '@tersor/network': ours,
        // The command line brings Tersor's own plugins, which the pipeline's test fills the other places
        // with, and `npx tersor check .`.
        ...(workspace
          ? {}
          : { '@tersor/cli': ours, '@tersor/core': ours, '@types/node': '20.19.9', typescript: '5.9.3' }),
      }),
    ),
  };
}

/** Arguments of `tersor check` for the plugin; those of a package of its own count from its folder. */
export function checkArguments(request: PluginRequest): string {
  const { options = {} }: KindFacts = KIND_FACTS[request.kind];
  const place = request.layout === 'workspace' ? packageName(request) : '.';
  return [place, ...Object.entries(options).map(([key, value]) => `--option ${key}=${value}`)].join(' ');
}

/** The tsconfig files of a new plugin. */
export function tsconfigs({ layout }: PluginRequest): Record<string, string> {
  const text = (value: unknown) => `${JSON.stringify(value, undefined, 2)}\n`;
  if (layout === 'package') {
    const compilerOptions = {
      target: 'es2022',
      lib: ['es2023'],
      module: 'node20',
      moduleResolution: 'node16',
      strict: true,
      noUncheckedIndexedAccess: true,
      declaration: true,
      skipLibCheck: true,
      rootDir: 'src',
      outDir: 'dist',
      types: ['node'],
    };
    return { 'tsconfig.json': text({ compilerOptions, include: ['src'] }) };
  }
  const base = '../../tsconfig.base.json';
  return {
    'tsconfig.json': text({
      extends: base,
      files: [],
      include: [],
      references: [{ path: './tsconfig.lib.json' }, { path: './tsconfig.spec.json' }],
    }),
    'tsconfig.lib.json': text({
      extends: base,
      compilerOptions: { rootDir: 'src', outDir: 'dist', tsBuildInfoFile: 'dist/tsconfig.lib.tsbuildinfo' },
      include: ['src/**/*.ts'],
      exclude: ['src/**/*.test.ts'],
      references: [],
    }),
    'tsconfig.spec.json': text({
      extends: base,
      compilerOptions: { outDir: 'out-tsc/spec', types: ['jest', 'node'], emitDeclarationOnly: true },
      include: ['src/**/*.test.ts', 'test/**/*.ts'],
      references: [{ path: './tsconfig.lib.json' }],
    }),
  };
}

function without(
  taken: Readonly<Record<string, unknown>>,
  record: Record<string, string>,
): Record<string, string> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !(name in taken)));
}

function sorted(record: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
