import { lane } from '../test/lane.js';
import { identity, offer } from '../test/synthetic-study.js';
import { backendsOf, whyNot } from './needs.js';
import { bytesOf } from './options.js';

describe('whyNot', () => {
  it('says nothing of a worker that has all that is needed', () =>
    expect(whyNot(lane, offer)).toBeUndefined());

  it.each<[string, Partial<typeof lane>, string]>([
    [
      'version',
      { versions: { ...lane.versions, tersor: '2.0.0' } },
      'the study has tersor 2.0.0, the worker 1.2.3',
    ],
    [
      'Node',
      { versions: { ...lane.versions, node: 'v1.0.0' } },
      `the study has node v1.0.0, the worker ${process.version}`,
    ],
    ['backend', { backends: ['node'] }, 'its trials need the backend "node", which cannot run here'],
    ['cores', { cores: 3 }, 'its trials need 3 cores, the worker has 2 for one'],
    ['memory', { memoryBytes: 8e9 }, 'its trials need 8.0 GB of memory, the worker has 4.0 GB for one'],
  ])('refuses for the wrong %s', (_, changes, why) =>
    expect(whyNot({ ...lane, ...changes }, offer)).toBe(why),
  );

  it('lets a worker try a backend that it does not know', () =>
    expect(whyNot({ ...lane, backends: ['own'] }, offer)).toBeUndefined());
});

it('reads the backends of a trial from its identity', () => {
  const plugins = {
    'backend/train': '@tersor/backend-node#node 1.0.0',
    'backend/evaluate': './own.cjs#own',
    'agent/prune': '@x/agent#ddpg 1.0.0',
  };
  expect(backendsOf({ inputs: { ...identity, plugins } })).toEqual(['node', 'own']);
});

it('reads memory in MB and GB', () =>
  expect(['8 GB', '1.5GB', '250 MB'].map(bytesOf)).toEqual([8e9, 1.5e9, 2.5e8]));
