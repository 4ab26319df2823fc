import type { Action } from '@tersor/core';
import { createActionRange } from '@tersor/rl';
import { policyView } from './policy-view.js';

describe('how critics see a policy', () => {
  const range = createActionRange({ type: 'box', low: [-1], high: [1] });

  it('is each step by its place and what changes there, so what is carried out alike looks alike', () => {
    const effectsOf = (actions: readonly Action[]) => actions.map(([value]) => [Math.round(value!), 0.2]);
    const view = policyView([8], { effectsOf, maxSteps: 2 }, range);
    const { input, lengths } = view.policiesOf([
      [0.5, 0.95],
      [0.6, 1],
    ]);
    expect(lengths).toEqual([2, 2]);
    expect(view.network.each!.sizes).toEqual([4, 8]);
    const rows = [1, 0, 0, 0.5, 0, 1, 2.5, 0.5];
    expect([...input]).toEqual([...rows, ...rows]);
  });

  it('is its actions, and what they differ from their mean by, where nothing is told', () => {
    const { input } = policyView([8], { maxSteps: 2 }, range).policiesOf([[0.5, 0.75]]);
    expect([...input]).toEqual([1, 0, 0, -0.625, 0, 1, 1.25, 0.625]);
  });
});
