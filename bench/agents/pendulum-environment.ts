import type { Environment } from '../../packages/core/src/index.js';
import { createRandom } from '@tersor/core';

const [MAX_SPEED, MAX_TORQUE, STEP_SECONDS, GRAVITY] = [8, 2, 0.05, 10];
const STEPS = 200;

/**
 * The pendulum that is to be swung up and held there, with the equations of gymnasium's Pendulum-v1 (mass and
 * length 1): observation [cos, sin, angular velocity], torque in [-2, 2], reward `-(angle^2 + 0.1 velocity^2
 * + 0.001 torque^2)`, 200 steps, never a natural end.
 */
export function createPendulum(): Environment {
  let [angle, velocity, steps] = [0, 0, STEPS];
  const observe = () => [Math.cos(angle), Math.sin(angle), velocity];
  return {
    observationSpace: { type: 'box', low: [-1, -1, -MAX_SPEED], high: [1, 1, MAX_SPEED] },
    actionSpace: { type: 'box', low: [-MAX_TORQUE], high: [MAX_TORQUE] },
    maxSteps: STEPS,
    reset: async (seed) => {
      const random = createRandom(seed, 'pendulum');
      angle = Math.PI * (2 * random.uniform() - 1);
      velocity = 2 * random.uniform() - 1;
      steps = 0;
      return { observation: observe() };
    },
    step: async (action) => {
      const torque = Math.min(MAX_TORQUE, Math.max(-MAX_TORQUE, action[0]!));
      const fromUpright = modulo(angle + Math.PI, 2 * Math.PI) - Math.PI;
      const reward = -(fromUpright ** 2 + 0.1 * velocity ** 2 + 0.001 * torque ** 2);
      const faster = velocity + (1.5 * GRAVITY * Math.sin(angle) + 3 * torque) * STEP_SECONDS;
      velocity = Math.min(MAX_SPEED, Math.max(-MAX_SPEED, faster));
      angle += velocity * STEP_SECONDS;
      steps++;
      return {
        observation: observe(),
        reward,
        terminated: false,
        truncated: steps >= STEPS,
        info: { executed: [torque] },
      };
    },
  };
}

function modulo(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}
