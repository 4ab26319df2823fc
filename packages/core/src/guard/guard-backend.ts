import type {
  Availability,
  Backend,
  InferenceSession,
  ObservationSession,
  TrainingSession,
  TrainingStep,
} from '../contracts/backend.js';
import type { LayerGraph } from '../contracts/layer-graph.js';
import { misbehaved, type Culprit } from './culprit.js';
import { guarded, requireMethods } from './guarded.js';
import { isArrayOf } from './values.js';
import { elementCount } from '../tensors/element-count.js';

/**
 * A backend that keeps to its contract: sessions whose outputs and gradients have the sizes that the network
 * gives.
 */
export function guardBackend(culprit: Culprit, backend: Backend): Backend {
  return guarded(culprit, backend, {
    now: {
      memory: (result) => {
        const { tensors, bytes } = (result ?? {}) as Record<string, unknown>;
        if (typeof tensors !== 'number' || typeof bytes !== 'number')
          throw misbehaved(culprit, 'memory', '{ tensors, bytes }, both numbers', result);
        return { tensors, bytes };
      },
    },
    later: {
      isAvailable: (result) => {
        const { available } = (result ?? {}) as Record<string, unknown>;
        if (typeof available !== 'boolean')
          throw misbehaved(culprit, 'isAvailable', '{ available: true or false, ... }', result);
        return result as Availability;
      },
      compile: (result, graph) => {
        requireMethods(culprit, 'compile', result, ['run', 'dispose']);
        return guardInference(culprit, result as InferenceSession, graph);
      },
      observe: (result, graph, calls) => {
        requireMethods(culprit, 'observe', result, ['run', 'dispose']);
        return guardObservation(culprit, result as ObservationSession, graph, calls);
      },
      crossProducts: (result, x, others, rows) => {
        const isRight = (found: unknown, i: number) =>
          isArrayOf('Float32Array', found) && found.length * rows * rows === x.length * others[i]!.length;
        if (!Array.isArray(result) || result.length !== others.length || !result.every(isRight))
          throw misbehaved(
            culprit,
            'crossProducts',
            `${others.length} Float32Arrays, each of columns of x times columns of y values`,
            result,
          );
        return result as readonly Float32Array[];
      },
      compileTraining: (result, graph) => {
        requireMethods(culprit, 'compileTraining', result, ['step', 'dispose']);
        return guardTraining(culprit, result as TrainingSession, graph);
      },
    },
  });
}

function guardInference(culprit: Culprit, session: InferenceSession, graph: LayerGraph): InferenceSession {
  const [input, output] = [graph.inputs, graph.outputs].map((calls) =>
    elementCount(graph.calls[calls[0]!]?.outputShape ?? []),
  );
  return guarded(culprit, session, {
    prefix: 'its session: ',
    later: {
      run: (result, images) => {
        const count = input && images.length / input;
        const expected = count !== undefined && output !== undefined ? count * output : undefined;
        if (!isArrayOf('Float32Array', result) || (expected !== undefined && result.length !== expected)) {
          const size =
            expected === undefined ? '' : ` of ${expected} values (${count} images, ${output} outputs)`;
          throw misbehaved(culprit, 'run of its session', `a Float32Array${size}`, result);
        }
        return result;
      },
    },
  });
}

function guardObservation(
  culprit: Culprit,
  session: ObservationSession,
  graph: LayerGraph,
  calls: readonly number[],
): ObservationSession {
  const member = 'run of its observation session';
  const sizeOfCall = (call: number) => elementCount(graph.calls[call]?.outputShape ?? []);
  const input = sizeOfCall(graph.inputs[0]!);
  return guarded(culprit, session, {
    prefix: 'its observation session: ',
    later: {
      run: (result, ...inputs) => {
        if (!Array.isArray(result) || result.length !== calls.length)
          throw misbehaved(culprit, member, `${calls.length} arrays, one for each asked call`, result);
        const count = input && (inputs[0]?.length ?? 0) / input;
        calls.forEach((call, i) => {
          const size = sizeOfCall(call);
          const expected = count !== undefined && size !== undefined ? count * size : undefined;
          const found: unknown = result[i];
          if (isArrayOf('Float32Array', found) && (expected === undefined || found.length === expected))
            return;
          const values = expected === undefined ? '' : ` of ${expected} values`;
          throw misbehaved(
            culprit,
            `${member}, call ${call} (layer "${graph.calls[call]?.layer}"),`,
            `a Float32Array${values}`,
            found,
          );
        });
        return result as readonly Float32Array[];
      },
    },
  });
}

function guardTraining(culprit: Culprit, session: TrainingSession, graph: LayerGraph): TrainingSession {
  const sizes = graph.layers.flatMap(({ name, weights }) =>
    weights.map((weight) => ({ name: `${name}/${weight.name}`, size: weight.data.length })),
  );
  return guarded(culprit, session, {
    prefix: 'its training session: ',
    later: {
      step: (result) => {
        const { loss, accuracy, updates } = (result ?? {}) as Partial<TrainingStep>;
        for (const [name, value] of Object.entries({ loss, accuracy })) {
          if (typeof value !== 'number')
            throw misbehaved(culprit, `${name} of a training step`, 'a number', value);
        }
        if (!Array.isArray(updates) || updates.length !== sizes.length) {
          throw misbehaved(
            culprit,
            'updates of a training step',
            `${sizes.length} arrays, one for each weight of the network`,
            updates,
          );
        }
        (updates as readonly unknown[]).forEach((update, i) => {
          const { name, size } = sizes[i]!;
          const fits = isArrayOf('Float32Array', update) && update.length === size;
          if (!fits)
            throw misbehaved(
              culprit,
              `the update of ${name} in a training step`,
              `a Float32Array of ${size} values`,
              update,
            );
        });
        return result as TrainingStep;
      },
    },
  });
}
