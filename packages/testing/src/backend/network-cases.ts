import * as tf from '@tensorflow/tfjs-core';
import type { Backend } from '@tersor/core';
import { backendNetworks, networkImages } from './backend-networks.js';
import type { Case } from '../contract.js';
import { referenceOutputs } from '../reference-run.js';
import { requireClose } from '../require-close.js';
import { ownLayersNetworks } from './own-layers-network.js';
import { requireSlopes } from './require-slopes.js';
import { runStockLayers } from './stock-layers.js';

/** Runs a check on a new backend, where it is available and can do that, and disposes of it. */
type Using = (check: (backend: Backend) => Promise<void>, needs?: 'inference' | 'training') => Promise<void>;

/** The cases of `backendContract` that run what real networks are made of. */
export function networkCases(using: Using): Case[] {
  return [
    {
      name: 'a session computes depthwise, separable, strided and dilated convolutions',
      run: () =>
        using(async (backend) => {
          for (const [name, graph] of Object.entries(backendNetworks())) {
            const { images } = networkImages(4);
            const session = await backend.compile(graph);
            requireClose(
              `compile().run() of the ${name} network`,
              await session.run(images),
              referenceOutputs(graph, images),
              1e-4,
            );
            session.dispose();
          }
        }),
    },
    {
      name: 'a session computes the layers that Tersor adds',
      run: () =>
        using(async (backend) => {
          for (const [name, graph] of Object.entries(ownLayersNetworks())) {
            const { images } = networkImages(4);
            const session = await backend.compile(graph);
            const member = `compile().run() of the ${name} network`;
            requireClose(member, await session.run(images), referenceOutputs(graph, images), 1e-4);
            session.dispose();
          }
        }),
    },
    {
      name: 'stock layers give the same on it, if it is a backend of tfjs',
      run: () =>
        using(async (backend) => {
          await backend.activate();
          // A backend without kernels of tfjs leaves the active one as it was.
          if (!tf.engine().backendName) return;
          for (const [name, graph] of Object.entries(backendNetworks())) {
            const { images } = networkImages(4);
            requireClose(
              `stock layers of the ${name} network`,
              await runStockLayers(graph, images),
              referenceOutputs(graph, images),
              1e-4,
            );
          }
        }),
    },
    {
      name: 'gradients of depthwise, separable, strided and dilated convolutions are the slopes of the loss',
      run: () =>
        using(async (backend) => {
          for (const [name, graph] of Object.entries(backendNetworks())) {
            const batch = { ...networkImages(2), seed: 1 };
            await requireSlopes(backend, `step() of the ${name} network`, graph, batch, (weight) =>
              weight.name.endsWith('kernel'),
            );
          }
        }, 'training'),
    },
    {
      name: 'gradients of the layers that Tersor adds are the slopes of the loss',
      run: () =>
        using(async (backend) => {
          for (const [name, graph] of Object.entries(ownLayersNetworks())) {
            const batch = { ...networkImages(2), seed: 1 };
            await requireSlopes(backend, `step() of the ${name} network`, graph, batch, (weight) =>
              weight.name.endsWith('kernel'),
            );
          }
        }, 'training'),
    },
  ];
}
