import { KIND_FACTS, type GeneratedKind } from './plugin-kinds.js';

/** A plugin to be generated. */
export interface PluginRequest {
  readonly kind: GeneratedKind;
  /** The word that selects it in a config: lower case, digits and dashes. */
  readonly id: string;
  /**
   * `package`: a project of its own, tests by node:test. `workspace`: a folder of the Tersor repository,
   * tests by jest.
   */
  readonly layout: 'package' | 'workspace';
  /** npm name; by default `tersor-<kind>-<id>`, in the workspace `@tersor/<kind>-<id>`. */
  readonly name?: string;
}

/** What is wrong with a request, in one sentence; undefined for a good one. */
export function problemOf({
  kind,
  id,
  name,
}: {
  readonly kind: string;
  readonly id: string;
  readonly name?: string | undefined;
}): string | undefined {
  if (!(kind in KIND_FACTS))
    return `There is no kind "${kind}"; the kinds are ${Object.keys(KIND_FACTS).join(', ')}.`;
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id))
    return `"${id}" is no id: use lower-case letters, digits and single dashes, for instance my-${kind}.`;
  if (name !== undefined && !/^(@[a-z0-9][\w.-]*\/)?[a-z0-9][\w.-]*$/.test(name))
    return `"${name}" is no name of an npm package.`;
  return undefined;
}

/** npm name of the package that is generated. */
export function packageName({ kind, id, layout, name }: PluginRequest): string {
  return name ?? (layout === 'workspace' ? `@tersor/${kind}-${id}` : `tersor-${kind}-${id}`);
}

/** `my-agent` as part of an identifier: `MyAgent`. */
export function identifierOf(id: string): string {
  return id.replace(/(?:^|-)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
