/** What Node, Bun and Deno have and browsers lack: a way to their own modules that no bundler looks into. */
interface ServerProcess {
  getBuiltinModule?(name: string): unknown;
}

/** A module of the platform, where there is one: in Node from 20.16 and 22.3 on, in Bun and in Deno. */
export function builtinModule<T>(name: string): T | undefined {
  const { process } = globalThis as { process?: ServerProcess };
  return process?.getBuiltinModule?.(name) as T | undefined;
}
