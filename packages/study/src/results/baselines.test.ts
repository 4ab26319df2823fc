import { baselineName, baselinesOf } from './baselines.js';

const variants = ['0.5', '0.25'].flatMap((budget) =>
  ['ddpg', 'evolution'].map((agent) => ({
    name: `${budget}, ${agent}`,
    labels: { 'prune.budget.macs': budget, agent },
  })),
);

describe('baselinesOf', () => {
  it('chooses one baseline within each combination of the other factors', () => {
    expect([...baselinesOf({ agent: 'evolution' }, variants)]).toEqual([
      ['0.5, ddpg', '0.5, evolution'],
      ['0.25, ddpg', '0.25, evolution'],
    ]);
    expect([...baselinesOf({ 'prune.budget.macs': 0.5 }, variants)]).toEqual([
      ['0.25, ddpg', '0.5, ddpg'],
      ['0.25, evolution', '0.5, evolution'],
    ]);
  });

  it('compares all other variants with one named variant', () => {
    expect([...baselinesOf('0.5, ddpg', variants).keys()]).toEqual([
      '0.5, evolution',
      '0.25, ddpg',
      '0.25, evolution',
    ]);
  });

  it('lists the possible baselines in its errors', () => {
    expect(() => baselinesOf({ agnet: 'evolution' }, variants)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', hint: expect.stringContaining('"agent"') }),
    );
    expect(() => baselinesOf({ agent: 'ppo' }, variants)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', hint: expect.stringContaining('ddpg | evolution') }),
    );
    expect(() => baselinesOf('ppo', variants)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', hint: expect.stringContaining('0.5, ddpg | ') }),
    );
  });

  it('is empty without a baseline', () => expect(baselinesOf(undefined, variants).size).toBe(0));

  it('names a baseline by its labels', () =>
    expect(baselineName({ agent: 'evolution', 'prune.budget.macs': 0.5 })).toBe('evolution, 0.5'));
});
