/**
 * The process object of Node, Bun and Deno, with a way to load built-in modules that bundlers do not follow.
 */
interface ServerProcess {
  getBuiltinModule?(name: string): unknown;
}

/** A built-in module of the platform, if it has any: in Node from 20.16 and 22.3 on, in Bun and in Deno. */
export function builtinModule<T>(name: string): T | undefined {
  const { process } = globalThis as { process?: ServerProcess };
  return process?.getBuiltinModule?.(name) as T | undefined;
}
