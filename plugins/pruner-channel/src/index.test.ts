import plugin from './index.js';

const parse = (options: Record<string, unknown>) => plugin.options.parse(options);

describe('options of the channel pruner that are left out', () => {
  it('rank by reconstruction, with the ridge that the images give', () => {
    expect(parse({})).toMatchObject({ criterion: 'reconstruction', ridge: 'shrinkage', weights: 'equal' });
    expect(parse({ ridge: 'held-out' })).toMatchObject({ ridge: 'held-out' });
    expect(parse({ ridge: 0.5 })).toMatchObject({ criterion: 'reconstruction', ridge: 0.5 });
  });

  it('are what they were for a config that names another criterion, or no refit', () => {
    expect(parse({ criterion: 'l2' })).toMatchObject({ criterion: 'l2', ridge: 1e-3, points: 10 });
    expect(parse({ reconstruct: 'none' })).toMatchObject({ criterion: 'l1', ridge: 1e-3 });
  });
});
