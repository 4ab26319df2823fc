import { openState, sealState } from './agent-state.js';

const FITS = { layers: [3, 4] };

it('opens what it sealed', () => {
  const content = { weights: Float32Array.of(1, 2) };
  expect(openState('ddpg', FITS, structuredClone(sealState('ddpg', FITS, content)))).toEqual(content);
});

it.each([
  ['of another agent', sealState('ppo', FITS, {})],
  ['for another shape', sealState('ddpg', { layers: [3, 5] }, {})],
  ['that is no state', { weights: [] }],
  ['that is missing', undefined],
])('refuses a state %s', (_, state) => {
  expect(() => openState('ddpg', FITS, state)).toThrow(
    expect.objectContaining({ code: 'AGENT_STATE_INVALID', hint: expect.stringContaining('Resume') }),
  );
});
