import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describeContract, prunerContract } from '@tersor/testing';
import plugin from './index.js';
import { VariationalPruner } from './variational-pruner.js';

beforeAll(() => tf.setBackend('cpu'));

describeContract(
  'variational pruner',
  prunerContract(() => new VariationalPruner(plugin.options.parse({ images: 30, epochs: 2, batchSize: 15 }))),
);
