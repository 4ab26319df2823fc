import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTinyProject, type TinyProject } from './tiny-project.js';
import { tersor } from './tersor.js';

const EXAMPLES = join(__dirname, '../../../examples');

/** Networks of the kinds that people have, each a module that builds it for 32x32 images and ten classes. */
const NETWORKS: Readonly<Record<string, string>> = {
  'MobileNet v1 0.25': join(__dirname, 'networks/mobilenet-v1.mjs'),
  'ResNet-20': join(EXAMPLES, 'resnet20/architecture.mjs'),
  'a DenseNet block': join(__dirname, 'networks/dense-block.mjs'),
  'an Inception block': join(__dirname, 'networks/inception-block.mjs'),
  'a network of separable convolutions': join(__dirname, 'networks/separable.mjs'),
  'a network of dilated convolutions': join(__dirname, 'networks/dilated.mjs'),
};

/** Images that are trained on, looked at in searches, and tested. */
const [TRAINED, VALIDATED, TESTED] = [32, 20, 20] as const;

/** Trains, compresses, evaluates and exports every network with the command line, on one backend. */
export function describeRealNetworks(backend: string): void {
  describe(`on ${backend}, from the command line`, () => {
    let project: TinyProject;
    beforeAll(async () => {
      project = await createTinyProject({ train: TRAINED + VALIDATED, test: TESTED });
      // A process that has these needs no other one to run in; the tests are one already.
      process.env['TERSOR_BACKEND_ENVIRONMENT'] = '1';
    });
    afterAll(async () => {
      delete process.env['TERSOR_BACKEND_ENVIRONMENT'];
      await rm(project.folder, { recursive: true, force: true });
    });

    test.each(Object.entries(NETWORKS))(
      '%s trains, gets smaller within its budgets, and its files say what was measured',
      async (name, architecture) => {
        const at = (path: string) => join(project.folder, `${name.replaceAll(/\W+/g, '-')}`, path);
        const config = join(project.folder, 'train.yaml');
        await writeFile(config, trainConfig(architecture, backend));
        await succeed('train', config, '--out', at('trained'));
        const settings = ['prune', 'quantize'].flatMap((stage) => [
          `${stage}.agent=random`,
          `${stage}.search={ episodes: 2, warmStart: [uniform] }`,
          `${stage}.images=${VALIDATED}`,
        ]);
        await succeed(
          'compress',
          project.config,
          '--out',
          at('out'),
          '--quiet',
          ...[
            `model=${at('trained/model.json')}`,
            `backend=${backend}`,
            `dataset.validation=${VALIDATED}`,
            ...settings,
          ].flatMap((setting) => ['--set', setting]),
        );
        const { baseline, pruned, compressed } = JSON.parse(
          await readFile(at('out/summary.json'), 'utf8'),
        ) as Summary;
        expect(pruned.macs).toBeLessThanOrEqual(0.6 * baseline.macs);
        expect(compressed.bytes).toBeLessThanOrEqual(0.5 * baseline.bytes);
        for (const file of ['out/model.tersor', 'out/model/model.json']) {
          expect(await accuracy(at(file), backend, project.data)).toBe(compressed.accuracy.test);
        }
        await succeed('export', at('out/model.tersor'), '--as', 'uint8', '--out', at('exported'));
        // Eight bits round once more: they may move an image.
        expect(
          Math.abs(
            (await accuracy(at('exported/model.json'), backend, project.data)) - compressed.accuracy.test,
          ),
        ).toBeLessThanOrEqual(1 / TESTED);
      },
    );
  });
}

interface Summary {
  readonly baseline: Figures;
  readonly pruned: Figures;
  readonly compressed: Figures;
}

interface Figures {
  readonly macs: number;
  readonly bytes: number;
  readonly accuracy: { readonly test: number };
}

async function succeed(...args: string[]): Promise<string> {
  const { code, out, err } = await tersor(...args);
  expect({ command: args.slice(0, 2).join(' '), code, err: code === 0 ? '' : err }).toEqual({
    command: args.slice(0, 2).join(' '),
    code: 0,
    err: '',
  });
  return out;
}

async function accuracy(model: string, backend: string, data: string): Promise<number> {
  const options = [
    '--option',
    `dir=${data}`,
    '--option',
    `validation=${VALIDATED}`,
    '--backend',
    backend,
    '--json',
  ];
  return (
    JSON.parse(await succeed('eval', model, '--dataset', 'cifar10', ...options)) as { accuracy: number }
  ).accuracy;
}

function trainConfig(architecture: string, backend: string): string {
  const lines = [
    `architecture: ${architecture}`,
    `dataset: { use: cifar10, dir: data, validation: ${VALIDATED} }`,
    `backend: ${backend}`,
    'output: trained',
  ];
  return [...lines, 'train: { epochs: 1, learningRate: 0.01, batchSize: 16 }', ''].join('\n');
}
