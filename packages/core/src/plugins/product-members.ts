import type { PluginKind } from '../tokens.js';

/** Members that a product must have to be used at all; what they promise is the contract's business. */
const MEMBERS: Readonly<
  Record<PluginKind, Readonly<Record<string, 'function' | 'string' | 'object' | 'number'>>>
> = {
  agent: {},
  environment: {},
  pruner: { id: 'string', action: 'string', prepare: 'function', plan: 'function', apply: 'function' },
  quantizer: { id: 'string', bits: 'object', encode: 'function' },
  backend: {
    id: 'string',
    capabilities: 'object',
    isAvailable: 'function',
    activate: 'function',
    compile: 'function',
    observe: 'function',
    compileTraining: 'function',
    memory: 'function',
    dispose: 'function',
  },
  dataset: {
    id: 'string',
    imageShape: 'object',
    classNames: 'object',
    padValue: 'object',
    size: 'function',
    read: 'function',
  },
  reward: { id: 'string', evaluate: 'function' },
  format: { id: 'string', files: 'string', recognises: 'function', read: 'function' },
  runner: { id: 'string', concurrency: 'number', run: 'function' },
  limit: { id: 'string' },
};

/**
 * What is wrong with a plugin's product, in words; undefined when it has every member of its kind. Agents and
 * environments are factories: functions.
 */
export function productProblem(kind: PluginKind, product: unknown): string | undefined {
  if (kind === 'agent' || kind === 'environment')
    return typeof product === 'function'
      ? undefined
      : `create gave ${nameOf(product)}, not the function that makes the ${kind}`;
  if (typeof product !== 'object' || product === null) return `create gave ${nameOf(product)}, not an object`;
  const wrong = Object.entries(MEMBERS[kind]).filter(
    ([member, type]) => typeof (product as Record<string, unknown>)[member] !== type,
  );
  return wrong.length === 0
    ? undefined
    : `its ${kind} lacks ${wrong.map(([member, type]) => `${member} (${type})`).join(', ')}`;
}

function nameOf(value: unknown): string {
  return value === undefined || value === null ? String(value) : `a value of type ${typeof value}`;
}
