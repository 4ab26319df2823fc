import { models } from '@tensorflow/tfjs-layers';

const zeros = { class_name: 'Zeros', config: {} };
const weighted = { kernel_initializer: zeros, use_bias: true, bias_initializer: zeros };

/** The layers that most networks are made of. */
const LAYERS: readonly (readonly [className: string, config: Record<string, unknown>])[] = [
  ['Conv2D', { ...weighted, filters: 1, kernel_size: [1, 1], strides: [1, 1], padding: 'same' }],
  ['BatchNormalization', { axis: -1 }],
  ['Activation', { activation: 'relu' }],
  ['MaxPooling2D', { pool_size: [1, 1], strides: [1, 1], padding: 'valid' }],
  ['Flatten', {}],
  ['Dense', { ...weighted, units: 1, activation: 'softmax' }],
];

/** How many of them each tiny network has: what is new in each is small. */
const STEPS = [1, 3, LAYERS.length];

let isWarm = false;

/**
 * Lets the browser compile what builds networks, before a whole one is built in one task: builds tiny ones
 * and lets them go, each in a task of its own. Only the first call does anything. `bench/web` measures what
 * it is worth. Never rejects: what is wrong shows when the real network is built.
 * @param pause yields the thread
 */
export async function warmUp(pause: () => Promise<void>): Promise<void> {
  if (isWarm) return;
  isWarm = true;
  try {
    for (const step of STEPS) {
      await pause();
      const layers = LAYERS.slice(0, step).map(([class_name, config], i) => ({
        class_name,
        config: {
          name: `tersor_warm_up_${i}`,
          ...(i === 0 && { batch_input_shape: [null, 1, 1, 1] }),
          ...config,
        },
      }));
      const modelTopology = { class_name: 'Sequential', config: { name: 'tersor_warm_up', layers } };
      const model = await models.modelFromJSON({ modelTopology: modelTopology as never });
      model.dispose();
    }
  } catch {
    // A backend that cannot allocate, for instance.
  }
}
