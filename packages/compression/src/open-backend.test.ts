import type { Backend, ChosenPrecision, LayerGraph } from '@tersor/core';
import { correctBackend, quantizeTask } from '@tersor/testing';
import { choosePrecision } from './open-backend.js';
import type { RunState } from './run/run-state.js';

/** A backend whose measurements say bfloat16 first, then float32. */
function wavering() {
  const used: ChosenPrecision[] = [];
  let measured = 0;
  const backend: Backend = {
    ...correctBackend(),
    choice: {
      measure: async () => ({
        precision: measured++ === 0 ? 'bfloat16' : 'float32',
        milliseconds: { float32: 2, bfloat16: 0.5 },
      }),
      use: (chosen) => void used.push(chosen),
    },
  };
  return { backend, used, measured: () => measured };
}

describe('a backend that is to choose its precision', () => {
  let original: LayerGraph;
  beforeAll(async () => void ({ graph: original } = await quantizeTask()));
  const choose = async (backend: Backend, state: RunState) => {
    const notices: string[] = [];
    const images = new Float32Array();
    const onNotice = (text: string) => void notices.push(text);
    return { chosen: await choosePrecision(backend, { state, original, images, onNotice }), notices };
  };

  it('measures once a run, keeps the choice with it, and says it', async () => {
    const { backend, used, measured } = wavering();
    const state: RunState = { prune: {}, quantize: {} };
    const { chosen, notices } = await choose(backend, state);
    expect(chosen?.precision).toBe('bfloat16');
    expect(state.precision).toEqual(chosen);
    expect(notices).toEqual([
      'Precision: the backend "reference" computes in bfloat16 (an image of the original takes bfloat16 0.500 ms, float32 2.000 ms). To repeat this run, write precision: bfloat16.',
    ]);
    // The run goes on: the clock would say otherwise now.
    const again = await choose(backend, structuredClone(state));
    expect(again.chosen).toEqual(chosen);
    expect(measured()).toBe(1);
    expect(used.map(({ precision }) => precision)).toEqual(['bfloat16', 'bfloat16']);
  });

  it('is left alone where it has nothing to choose', async () => {
    const state: RunState = { prune: {}, quantize: {} };
    expect(await choose(correctBackend(), state)).toEqual({ chosen: undefined, notices: [] });
    expect(state.precision).toBeUndefined();
  });
});
