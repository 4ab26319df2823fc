import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { models } from '@tensorflow/tfjs-layers';
import { golden } from '../../test/golden.js';
import { loadModel } from '../index.js';

it('builds tiny networks, each in a task of its own, before the first network of a page', async () => {
  await tf.setBackend('cpu');
  const before = tf.memory().numTensors;
  /** Layers of each network that was built, and the task in which that was. */
  const built: { readonly layers: number; readonly task: number }[] = [];
  let task = 0;
  const count = setInterval(() => task++);
  const build = models.modelFromJSON;
  const spy = jest.spyOn(models, 'modelFromJSON').mockImplementation(async (json) => {
    const model = await build(json);
    built.push({ layers: model.layers.length, task });
    return model;
  });
  const load = async (options = {}) => {
    built.length = 0;
    (await loadModel(golden().bytes, options)).dispose();
    return built.map(({ layers }) => layers);
  };
  try {
    // Without a worker this thread decodes, so that more work on it would only be longer.
    const [own] = await load();
    expect(built).toHaveLength(1);
    expect(await load({ worker: true })).toEqual([1, 3, 6, own]);
    expect(new Set(built.map((each) => each.task)).size).toBe(4);
    expect(await load({ worker: true })).toEqual([own]);
  } finally {
    clearInterval(count);
    spy.mockRestore();
  }
  expect(tf.memory().numTensors).toBe(before);
});
