import { startOf } from './start-of.js';

const heuristics = { uniform: async () => [], reconstruction: async () => [] };

describe('what a search begins with', () => {
  it('is what the config says, also when that is nothing', () => {
    const search = { episodes: 5, warmStart: ['uniform'] };
    expect(startOf(search, {}, { heuristics })).toEqual(['uniform']);
    expect(startOf({ ...search, warmStart: [] }, {}, { heuristics })).toEqual([]);
  });

  it('is the heuristic by reconstruction where the config is silent and there is one', () => {
    expect(startOf({ episodes: 5 }, {}, { heuristics })).toEqual(['reconstruction']);
    expect(startOf({ episodes: 5 }, {}, { heuristics: { uniform: heuristics.uniform } })).toEqual([]);
    expect(startOf({ episodes: 5 }, {}, {})).toEqual([]);
  });

  it('is the own first episode of an agent that plans them all', () => {
    expect(startOf({ episodes: 1 }, { hasOwnStart: true }, { heuristics })).toEqual([]);
  });
});
