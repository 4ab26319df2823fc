import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { Dataset, LayerGraph, PruneConfig } from '@tersor/core';
import { graphFromModel, withWeights } from '@tersor/network';
import { inferenceBackend, plantedImages } from '../../test/planted-images.js';
import { createSearchEvaluators } from './search-images.js';

const COUNT = 40;

describe('the images of a search', () => {
  let identity: LayerGraph;
  beforeAll(async () => {
    await tf.setBackend('cpu');
    const model = tfl.sequential({
      layers: [
        tfl.layers.flatten({ inputShape: [1, 1, 2] }),
        tfl.layers.dense({ units: 2, useBias: false, activation: 'softmax' }),
      ],
    });
    identity = withWeights(await graphFromModel(model), [Float32Array.of(0.1, 0, 0, 0.1)]);
  });

  const make = async (
    settings: object,
    { count = COUNT, original = undefined as LayerGraph | undefined } = {},
  ) => {
    const reads: number[][] = [];
    const planted = plantedImages(count);
    const dataset: Dataset = {
      ...planted,
      read: (split, indexes) => (reads.push([...indexes]), planted.read(split, indexes)),
    };
    const config = { images: 1000, search: {}, ...settings } as PruneConfig;
    const place = { backend: inferenceBackend, dataset, seed: 1 };
    return { ...(await createSearchEvaluators(place, config, original)), reads };
  };

  it('are all validation images where nothing else is asked for', async () => {
    const { search, confirm, reads } = await make({});
    expect([search.count, confirm, reads]).toEqual([COUNT, undefined, [[...Array(COUNT).keys()]]]);
  });

  it('of confirmation are half of them at most, and never those of the search', async () => {
    const { search, confirm, reads } = await make({ search: { confirm: 3 } });
    expect([search.count, confirm!.count]).toEqual([20, 20]);
    expect([...reads[0]!, ...reads[1]!].sort((a, b) => a - b)).toEqual([...Array(COUNT).keys()]);
    const fewer = await make({ images: 5, search: { confirm: 3 } });
    expect([fewer.search.count, fewer.confirm!.count]).toEqual([5, 5]);
    expect(fewer.reads[0]!.filter((image) => fewer.reads[1]!.includes(image))).toEqual([]);
    const again = await make({ search: { confirm: 3 } });
    expect(again.reads).toEqual(reads);
  });

  it('refuses to set images apart where there is only one', async () => {
    await expect(make({ search: { confirm: 2 } }, { count: 1 })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: 'search.confirm needs at least two validation images; data set "planted" has 1.',
    });
  });

  it('are drawn for each policy by the seed, the same for the same policy', async () => {
    const { search, reads } = await make({ search: { subset: 10 } });
    reads.splice(0);
    const first = await search.evaluate(identity, 'a policy');
    await search.evaluate(identity, 'another');
    expect(await search.evaluate(identity, 'a policy')).toEqual(first);
    expect(reads.map(({ length }) => length)).toEqual([10, 10, 10]);
    expect(reads[2]).toEqual(reads[0]);
    expect(reads[1]).not.toEqual(reads[0]);
    // All of them where nobody says which policy it is.
    expect(await search.evaluate(identity)).toEqual({ accuracy: 0.75 });
  });

  it('tell how far outputs are from the original, too, where that is asked for', async () => {
    const { search } = await make({ search: { subset: 10 } }, { original: identity });
    const same = await search.evaluate(identity, 'same');
    expect(same.divergence).toBeCloseTo(0, 12);
    const flat = withWeights(identity, [Float32Array.of(0, 0, 0, 0)]);
    expect((await search.evaluate(flat)).divergence).toBeGreaterThan(0.1);
    expect(await search.evaluate(identity)).toEqual({ accuracy: 0.75, divergence: same.divergence });
  });

  it('count a network whose outputs are not finite as far off and right nowhere', async () => {
    const notices: string[] = [];
    const { search } = await createSearchEvaluators(
      {
        backend: inferenceBackend,
        dataset: plantedImages(COUNT),
        seed: 1,
        onNotFinite: (text) => notices.push(text),
      },
      { images: 1000, search: {} } as PruneConfig,
      identity,
    );
    const broken = withWeights(identity, [Float32Array.of(NaN, 0, 0, 1)]);
    expect(await search.evaluate(broken)).toEqual({ accuracy: 0, divergence: -Math.log(1e-7) });
    expect(notices).toHaveLength(1);
  });
});
