import { isDeepStrictEqual } from 'node:util';
import { modelParts, type ModelContent, type ModelSource, type RunIdentity } from '@tersor/core';

/** What a checkpoint belongs to. */
export interface Origin {
  /** The resolved config. */
  readonly config: object;
  readonly identity: RunIdentity;
}

type Json = Readonly<Record<string, unknown>>;

/**
 * Keys of a config, at its top, that change no result, or whose change shows in the identity: a model may be
 * moved.
 */
const FREE = ['$schema', 'output', 'checkpointSeconds', 'model', 'architecture', 'teacher'];

/**
 * The first difference between two origins, in words, with what was and what is; undefined where a run of the
 * one can go on as one of the other.
 */
export function differenceOf(before: Origin, now: Origin): string | undefined {
  return configDifference(before, now) ?? identityDifference(before, now);
}

/** The first difference that matters between the configs of two origins, in words. */
export function configDifference(before: Origin, now: Origin): string | undefined {
  const [old, current] = [before, now].map(({ config }) => decisive(config)) as [Json, Json];
  return isDeepStrictEqual(old, current) ? undefined : firstDifference(old, current, '');
}

/** An origin without what only stage 2 looks at. */
export function withoutStageTwo({ config, identity }: Origin): Origin {
  const { quantize: _quantize, ...rest } = config as { quantize?: unknown };
  const without = (record: Readonly<Record<string, string>>, ofStageTwo: RegExp) =>
    Object.fromEntries(Object.entries(record).filter(([place]) => !ofStageTwo.test(place)));
  const plugins = without(identity.plugins, /^\w+\/quantize(\.|$)/);
  const files = without(identity.files ?? {}, /^quantize\./);
  return { config: rest, identity: { ...identity, plugins, files } };
}

function identityDifference(
  { identity: old }: Origin,
  { identity: current, config }: Origin,
): string | undefined {
  const { model, architecture, teacher } = config as {
    model?: ModelSource;
    architecture?: ModelSource;
    teacher?: ModelSource;
  };
  const file = Object.keys(current.files).find((each) => old.files?.[each] !== current.files[each]);
  const places = [...new Set([...Object.keys(old.plugins), ...Object.keys(current.plugins)])];
  const plugin = places.find((place) => old.plugins[place] !== current.plugins[place]);
  return (
    modelDifference(
      model === undefined ? `the architecture ${pathOf(architecture)}` : `the model ${pathOf(model)}`,
      old.model,
      current.model,
    ) ??
    modelDifference(`the teacher ${pathOf(teacher)}`, old.teacher, current.teacher) ??
    (old.dataset !== current.dataset
      ? 'the data set has other images, labels or splits than when the checkpoint was made'
      : undefined) ??
    (file !== undefined ? `${file} has other content than when the checkpoint was made` : undefined) ??
    (plugin !== undefined
      ? `the plugin for ${plugin} was ${old.plugins[plugin] ?? 'none'} and is now ${current.plugins[plugin] ?? 'none'}`
      : undefined) ??
    (old.tersor !== current.tersor ? `Tersor was ${old.tersor} and is now ${current.tersor}` : undefined)
  );
}

function pathOf(source: ModelSource | undefined): string {
  return source === undefined ? 'none' : modelParts(source).path;
}

function modelDifference(
  name: string,
  old: ModelContent | undefined,
  current: ModelContent | undefined,
): string | undefined {
  const parts = [
    ...(old?.topology !== current?.topology ? ['another topology'] : []),
    ...(old?.weights !== current?.weights ? ['other weights'] : []),
  ];
  return parts.length > 0
    ? `${name} has ${parts.join(' and ')} than when the checkpoint was made`
    : undefined;
}

/** A config as JSON, without the keys that may change. */
function decisive(config: object): Json {
  return JSON.parse(
    JSON.stringify(Object.fromEntries(Object.entries(config).filter(([key]) => !FREE.includes(key)))),
  ) as Json;
}

/** Path and values of the first place where two JSON values differ. */
function firstDifference(before: unknown, now: unknown, path: string): string {
  if (isContainer(before) && isContainer(now)) {
    const key = [...new Set([...Object.keys(before), ...Object.keys(now)])].find(
      (each) => !isDeepStrictEqual(before[each], now[each]),
    );
    if (key !== undefined) return firstDifference(before[key], now[key], path ? `${path}.${key}` : key);
  }
  return `"${path}" was ${said(before)} and is now ${said(now)}`;
}

function said(value: unknown): string {
  return value === undefined ? 'not set' : JSON.stringify(value);
}

/** Whether it is a JSON object or list. */
function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
