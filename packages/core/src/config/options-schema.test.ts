import { z as z3 } from 'zod/v3';
import * as mini from 'zod/mini';
import { z } from 'zod';
import { needsNoOptions, parseOptions, schemaProblem, type OptionsSchema } from './options-schema.js';
import type { SchemaIssue } from './schema-issues.js';
import { definePlugin, type Plugin } from '../plugins/plugin.js';

const pluginWith = <T>(options: OptionsSchema<T>) =>
  definePlugin({
    name: 'x',
    kind: 'reward',
    id: 'x',
    core: '*',
    description: '',
    options,
    create: () => ({ id: 'x', evaluate: () => 0 }),
  }) as Plugin;
const parse = (options: OptionsSchema, given: unknown) =>
  parseOptions(pluginWith(options), given, 'prune.reward');

/**
 * A validator of nobody's, as the contract describes one: it may answer later, and its paths may be of
 * objects.
 */
const handMade = (
  answer: (value: { power?: number }) => SchemaIssue[],
): OptionsSchema<{ power: number }> => ({
  '~standard': {
    version: 1,
    vendor: 'hand-made',
    validate: async (value) => {
      const issues = answer(value as { power?: number });
      return issues.length > 0 ? { issues } : { value: { power: 2, ...(value as object) } };
    },
  },
});

describe('options are validated, with their defaults, by', () => {
  const field = { power: z.number().default(2) };
  it.each<[string, OptionsSchema]>([
    ['zod 4', z.strictObject(field)],
    ['zod 4 mini', mini.strictObject({ power: mini._default(mini.number(), 2) })],
    ['zod 3.24 and later', z3.strictObject({ power: z3.number().default(2) })],
    ['a validator that answers with a promise', handMade(() => [])],
  ])('%s', async (_, schema) => {
    expect(schemaProblem(schema)).toBeUndefined();
    expect(await parse(schema, {})).toEqual({ power: 2 });
    expect(await parse(schema, { power: 3 })).toEqual({ power: 3 });
  });
});

const namedOrOwn = z.object({
  scale: z.union([z.enum(['unit', 'bytes']), z.strictObject({ mean: z.number() })]).describe('How scaled.'),
});

describe('what is wrong with options is said as well as the validator can', () => {
  it.each<[string, OptionsSchema, unknown, string]>([
    [
      'zod 4: the nearest key',
      z.strictObject({ power: z.number() }),
      { powr: 2, power: 1 },
      'Unknown key "powr" at the top level; did you mean "power"? Known keys: power.',
    ],
    [
      'zod 4: a missing key, with what it is',
      z.object({ power: z.number().describe('How much.') }),
      {},
      'power is missing: How much.',
    ],
    [
      'zod 4: a missing choice of names or more, with what it is',
      namedOrOwn,
      {},
      'scale is missing: How scaled.',
    ],
    [
      'zod 4: the names of such a choice',
      namedOrOwn,
      { scale: 'foo' },
      'scale: expected "unit" or "bytes" or object.',
    ],
    [
      'zod 4: an unknown key within such a choice',
      namedOrOwn,
      { scale: { mean: 1, meen: 1 } },
      'Unknown key "meen" at scale; did you mean "mean"? Known keys: mean.',
    ],
    ['zod 4: an empty text', z.object({ dir: z.string().min(1) }), { dir: '' }, 'dir is empty.'],
    [
      'zod 3: the key, without the others',
      z3.strictObject({ power: z3.number() }),
      { powr: 2, power: 1 },
      'Unknown key "powr" at the top level.',
    ],
    [
      'zod 3: a wrong type',
      z3.object({ power: z3.number() }),
      { power: 'x' },
      'power: Expected number, received string.',
    ],
    [
      'others: their message at its path',
      handMade(() => [{ message: 'Too much', path: [{ key: 'power' }, 0] }]),
      {},
      'power.0: Too much.',
    ],
    ['others: a message without a path', handMade(() => [{ message: 'Odd.' }]), {}, 'the top level: Odd.'],
  ])('%s', async (_, schema, given, sentence) => {
    await expect(parse(schema, given)).rejects.toMatchObject({
      code: 'PLUGIN_OPTIONS_INVALID',
      message: `prune.reward: ${sentence}`,
    });
  });
});

it('puts a schema that throws down to the plugin', async () => {
  const thrown = new Error('no luck');
  const schema = handMade(() => {
    throw thrown;
  });
  await expect(parse(schema, {})).rejects.toMatchObject({ code: 'PLUGIN_FAILED', cause: thrown });
});

it('names zod 3 where that is why no keys are listed', async () => {
  const given = { powr: 2 };
  await expect(parse(z3.strictObject({}), given)).rejects.toMatchObject({
    hint: expect.stringContaining('zod 3'),
  });
  await expect(parse(z.strictObject({}), given)).rejects.toMatchObject({ hint: undefined });
});

it('says which plugins can be made without options', async () => {
  expect(await needsNoOptions(pluginWith(z.strictObject({ power: z.number().default(2) })))).toBe(true);
  expect(
    await needsNoOptions(
      pluginWith(handMade(({ power }) => (power === undefined ? [{ message: 'no' }] : []))),
    ),
  ).toBe(false);
});

it('names what is no schema, and an old zod by its name', () => {
  const old = { _def: { typeName: 'ZodObject' }, safeParse: () => ({ success: true, data: {} }) };
  expect(schemaProblem(old)).toContain('zod 3');
  expect(schemaProblem({ type: 'object', properties: {} })).toContain('standard-schema');
  expect(schemaProblem(undefined)).toContain('no schema');
});

it('keeps the type of the schema, so that a plugin can be asked for its own options', () => {
  const plugin = definePlugin({
    name: 'x',
    kind: 'reward',
    id: 'x',
    core: '*',
    description: '',
    options: z.strictObject({ power: z.number().default(2) }),
    create: ({ power }) => ({ id: 'x', evaluate: ({ accuracy }) => accuracy ** power }),
  });
  const { power }: { power: number } = plugin.options.parse({});
  expect(power).toBe(2);
});
