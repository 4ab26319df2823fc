import { TersorError } from '@tersor/core';
import { sourceOf, type GraphNode } from './node.js';

/** Nodes in an order in which they can be read. */
export interface SortedNodes {
  readonly order: readonly GraphNode[];
  /** Those that wait for themselves: loops. */
  readonly loops: ReadonlySet<string>;
}

/** What is no whole graph. */
export function invalid(origin: string, reason: string): TersorError {
  return new TersorError('MODEL_INVALID', `${origin} is no whole GraphModel: ${reason}`);
}

/**
 * The nodes that lead to the outputs, each after those that it reads. Throws `MODEL_INVALID` for inputs that
 * come from nowhere.
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
    // Of a node that is met again the inputs were read, unless they wait for it.
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
