// What tools/outside.mjs does with the generated format and runner, which are found by the names of their packages.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const MODEL = 'examples/vgg-small/model/model.json';
const OWN = 'exported/model.net';

/** The example in a format of somebody else's and back: nothing but the package's name says that it exists. */
export function useFormat(folder, inside) {
  const said = JSON.parse(
    inside('npx', ['tersor', 'export', MODEL, '--to', 'mine', '--out', 'exported', '--json']),
  );
  if (said.bytes !== readFileSync(join(folder, OWN)).length)
    throw new Error(`export --to said ${said.bytes}`);

  const layers = (model) => JSON.parse(inside('npx', ['tersor', 'inspect', model, '--json'])).layers;
  if (JSON.stringify(layers(OWN)) !== JSON.stringify(layers(MODEL)))
    throw new Error('inspect sees another network in the file of the format');

  const data = ['--dataset', 'cifar10', '--option', 'dir=examples/data/cifar-10-mini', '--json'];
  const accuracy = (model) => JSON.parse(inside('npx', ['tersor', 'eval', model, ...data])).accuracy;
  const [own, original] = [accuracy(OWN), accuracy(MODEL)];
  if (own !== original)
    throw new Error(`eval says ${own} of the file of the format, ${original} of the original`);

  inside('npx', ['tersor', 'export', OWN, '--to', 'layers-model', '--out', 'back']);
  const weights = (model) => readFileSync(join(folder, model, 'weights.bin'));
  if (!weights('back').equals(weights('examples/vgg-small/model')))
    throw new Error('the weights that came back are others');
}

/** A study of two trials. */
export const STUDY = {
  name: 'outside',
  config: 'config.json',
  grid: { 'prune.budget.macs': [0.6, 0.7] },
  seeds: [1],
  output: 'study',
};

/** The study in the process of the study. */
export function useRunner(folder, inside, write) {
  write('study.json', JSON.stringify({ ...STUDY, runner: 'mine' }));
  inside('npx', ['tersor', 'study', 'study.json']);
  const results = JSON.parse(readFileSync(join(folder, 'study/results.json'), 'utf8'));
  const { study } = JSON.parse(readFileSync(join(folder, 'study/study.json'), 'utf8'));
  const states = results.trials.map(({ status }) => status).join();
  if (states !== 'done,done' || JSON.stringify(study.runner) !== '"mine"')
    throw new Error(
      `the study with the runner "mine" ended with ${states}, runner ${JSON.stringify(study.runner)}`,
    );
}
