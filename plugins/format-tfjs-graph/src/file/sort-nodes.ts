import { TersorError } from '@tersor/core';
import { sourceOf, type GraphNode } from '../node.js';

/** Nodes in topological order. */
export interface SortedNodes {
  readonly order: readonly GraphNode[];
  /** Names of nodes that depend on themselves. */
  readonly loops: ReadonlySet<string>;
}

/** The error for a graph that is not complete. */
export function invalid(origin: string, reason: string): TersorError {
  return new TersorError('MODEL_INVALID', `${origin} is not a complete GraphModel: ${reason}`);
}

/**
 * The nodes that the outputs depend on, each after those that it reads. Throws `MODEL_INVALID` for inputs
 * that do not exist.
 */
export function sortNodes(
  origin: string,
  outputs: readonly string[],
  nodes: ReadonlyMap<string, GraphNode>,
): SortedNodes {
  const order: GraphNode[] = [];
  const loops = new Set<string>();
  const state = new Map<string, 'open' | 'done'>();
  const stack = outputs
    .map((output) => ({ name: sourceOf(output).name, by: undefined as string | undefined }))
    .reverse();
  const finish = (node: GraphNode) => {
    state.set(node.name, 'done');
    order.push(node);
    stack.pop();
  };
  while (stack.length > 0) {
    const { name, by } = stack.at(-1)!;
    const node = nodes.get(name);
    if (!node)
      throw invalid(
        origin,
        `${by === undefined ? 'its output' : `"${by}" reads`} "${name}", which is not in it.`,
      );
    if (state.get(name) === 'done') {
      stack.pop();
      continue;
    }
    const waiting = node.inputs
      .map((input) => sourceOf(input).name)
      .filter((each) => state.get(each) !== 'done');
    if (waiting.length === 0) {
      finish(node);
      continue;
    }
    // A node that is visited again has had its inputs read, unless they depend on it.
    if (state.get(name) === 'open') {
      loops.add(name);
      finish(node);
      continue;
    }
    state.set(name, 'open');
    stack.push(...[...new Set(waiting)].map((each) => ({ name: each, by: name })));
  }
  return { order, loops };
}
