import { blamed, isPromise, misbehaved, type Culprit } from './culprit.js';

/**
 * A check of what a method gave: returns it (in the form that the contract names) or throws
 * `PLUGIN_MISBEHAVED`.
 */
export type Check<F> = F extends (...args: infer A) => infer R
  ? (result: unknown, ...args: A) => Awaited<R>
  : never;

/** Checks by member. */
export type Checks<T> = { readonly [M in keyof T]?: Check<NonNullable<T[M]>> };

export interface MemberRules<T> {
  /** Of methods that must answer at once. */
  readonly now?: Checks<T>;
  /** Of methods that answer with a promise. */
  readonly later?: Checks<T>;
  /** What the members are called in messages, before their own name. */
  readonly prefix?: string;
}

type Method = (...args: unknown[]) => unknown;
type LooseCheck = (result: unknown, ...args: unknown[]) => unknown;

/**
 * A product of a plugin, seen through its contract: every method is called on the product itself (private
 * members work), what it gives is checked, and what it throws is put down to the plugin. Members that the
 * rules do not name are passed on.
 */
export function guarded<T extends object>(
  culprit: Culprit,
  product: T,
  { now = {}, later = {}, prefix = '' }: MemberRules<T>,
): T {
  const wrappers = new Map<PropertyKey, { readonly method: Method; readonly wrapper: Method }>();
  const wrap = (member: PropertyKey, method: Method): Method => {
    const name = `${prefix}${String(member)}`;
    const checkNow = (now as Record<PropertyKey, LooseCheck | undefined>)[member];
    const checkLater = (later as Record<PropertyKey, LooseCheck | undefined>)[member];
    const blame = (cause: unknown): never => {
      throw blamed(culprit, name, cause);
    };
    return (...args) => {
      let result: unknown;
      try {
        result = Reflect.apply(method, product, args);
      } catch (cause) {
        return checkLater ? Promise.reject(blamed(culprit, name, cause)) : blame(cause);
      }
      if (checkLater) return Promise.resolve(result).then((value) => checkLater(value, ...args), blame);
      if (checkNow) return checkNow(result, ...args);
      return isPromise(result) ? Promise.resolve(result).catch(blame) : result;
    };
  };
  const read = (member: PropertyKey): unknown => {
    const value: unknown = Reflect.get(product, member);
    if (typeof value !== 'function') return value;
    const known = wrappers.get(member);
    if (known?.method === value) return known.wrapper;
    const wrapper = wrap(member, value as Method);
    wrappers.set(member, { method: value as Method, wrapper });
    return wrapper;
  };
  // The target is an empty object: a proxy must give a frozen product's own methods unchanged.
  return new Proxy({} as T, {
    get: (_, member) => read(member),
    has: (_, member) => Reflect.has(product, member),
    set: (_, member, value) => Reflect.set(product, member, value),
    getPrototypeOf: () => Reflect.getPrototypeOf(product),
    ownKeys: () => Reflect.ownKeys(product),
    getOwnPropertyDescriptor: (_, member) => {
      const own = Reflect.getOwnPropertyDescriptor(product, member);
      return (
        own && {
          value: read(member),
          enumerable: own.enumerable ?? false,
          configurable: true,
          writable: true,
        }
      );
    },
  });
}

/** Calls a plugin's function that must give its result at once; what it throws is put down to the plugin. */
export function calling<R>(culprit: Culprit, member: string, call: () => R): R {
  try {
    return call();
  } catch (cause) {
    throw blamed(culprit, member, cause);
  }
}

/** The check of a method that gives nothing: a promise would be an answer that is never awaited. */
export function nothing(culprit: Culprit, member: string): (result: unknown) => void {
  return (result) => {
    if (isPromise(result)) throw misbehaved(culprit, member, 'nothing: it is not waited for', result);
  };
}

/** Throws `PLUGIN_MISBEHAVED` unless a value is an object with these methods. */
export function requireMethods(
  culprit: Culprit,
  member: string,
  value: unknown,
  methods: readonly string[],
): asserts value is object {
  const missing =
    typeof value === 'object' && value !== null
      ? methods.filter((name) => typeof (value as Record<string, unknown>)[name] !== 'function')
      : methods;
  if (missing.length > 0)
    throw misbehaved(culprit, member, `an object with the methods ${methods.join(', ')}`, value);
}
