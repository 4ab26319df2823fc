import {
  createProduct,
  loadModulePlugins,
  loadPlugin,
  parseOptions,
  TersorError,
  type AgentFactory,
  type Backend,
  type Dataset,
  type EnvironmentFactory,
  type Format,
  type LimitFactory,
  type Plugin,
  type PluginContext,
  type PluginKind,
  type Pruner,
  type Quantizer,
  type Reward,
  type Space,
  type TrialRunner,
} from '@tersor/core';
import {
  agentContract,
  backendContract,
  check,
  contractTask,
  datasetContract,
  describeFailure,
  environmentContract,
  formatContract,
  limitContract,
  prunerContract,
  pruneTask,
  quantizerContract,
  rewardContract,
  runnerContract,
  type Case,
} from '@tersor/testing';
import { identifyCompression } from '@tersor/compression';

/** Result of checking one plugin. */
export interface CheckedPlugin {
  readonly kind: PluginKind;
  readonly id: string;
  readonly rules: number;
  /** A text for each broken rule: rule, member, expected, found, page. */
  readonly failures: readonly string[];
}

/** What checking a contract needs. */
export interface CheckPlaces {
  /** Folders to look for plugins in. */
  readonly directories: readonly string[];
  /** Backend that plugins of other kinds compute with. */
  readonly backend: string;
  /** A sample file, for formats that cannot write one. */
  readonly sample: string | undefined;
}

/**
 * Checks every plugin of a module against its contract. Throws like loading, and `PLUGIN_OPTIONS_INVALID`.
 */
export async function checkPluginModule(
  specifier: string,
  options: Readonly<Record<string, unknown>>,
  { directories, backend, sample }: CheckPlaces,
): Promise<CheckedPlugin[]> {
  const checked: CheckedPlugin[] = [];
  // Contracts count tensors, and some plugins compute with them.
  const { plugin: computing } = await loadPlugin('backend', backend, directories);
  const defaults = await parseOptions(computing, {}, `backend "${backend}"`);
  await ((await computing.create(defaults, context)) as Backend).activate();
  for (const plugin of await loadModulePlugins(specifier, directories)) {
    const parsed = await parseOptions(
      plugin,
      options,
      `${plugin.kind} "${plugin.id}"`,
      'Give them with --option key=value.',
    );
    // A contract creates the product many times: validate the options once, and call `create` each time.
    const make = () => plugin.create(parsed, context);
    await createProduct(plugin, specifier, parsed, context);
    const cases = await contractOf(plugin, make, { directories, sample });
    const failures = await check(cases);
    checked.push({
      kind: plugin.kind,
      id: plugin.id,
      rules: cases.length,
      failures: failures.map((failure) => describeFailure(plugin.kind, failure)),
    });
  }
  return checked;
}

const context: PluginContext = {
  directory: process.cwd(),
  seed: 1,
  get: () => Promise.reject(new TersorError('PLUGIN_NOT_FOUND', 'tersor check provides no other plugins.')),
};

/**
 * The rules of a plugin's kind. Throws `PLUGIN_INVALID` if the contract needs a synchronous `create` and this
 * one is asynchronous.
 */
async function contractOf(
  plugin: Plugin,
  make: () => unknown,
  { directories, sample }: { readonly directories: readonly string[]; readonly sample: string | undefined },
): Promise<Case[]> {
  const now = <T>() => {
    const product = make();
    if (product instanceof Promise)
      throw new TersorError(
        'PLUGIN_INVALID',
        `The create function of ${plugin.kind} "${plugin.id}" is asynchronous.`,
        {
          hint: 'Run its contract from its own tests instead.',
        },
      );
    return product as T;
  };
  switch (plugin.kind) {
    case 'agent': {
      const factory = (await make()) as AgentFactory;
      return agentContract(factory, { spaces: supportedSpaces(factory) });
    }
    case 'environment':
      return environmentContract(async () => ((await make()) as EnvironmentFactory)(await pruneTask()));
    case 'pruner':
      return prunerContract(() => now<Pruner>());
    case 'quantizer':
      return quantizerContract(() => now<Quantizer>());
    case 'dataset':
      return datasetContract(() => make() as Dataset | Promise<Dataset>);
    case 'reward':
      return rewardContract(() => now<Reward>());
    case 'format':
      return formatContract(() => make() as Format | Promise<Format>, sample);
    case 'limit':
      return limitContract(() => now<LimitFactory>());
    case 'backend':
      return backendContract(() => now<Backend>());
    case 'runner':
      return runnerContract(() => make() as TrialRunner | Promise<TrialRunner>, {
        identify: (config, directory) =>
          identifyCompression(config, { directory, searchFrom: [...directories, __dirname] }),
      });
  }
}

/** Types of action spaces that an agent supports. */
function supportedSpaces(factory: AgentFactory): Space['type'][] {
  const spaces: readonly Space[] = [
    { type: 'box', low: [0], high: [1] },
    { type: 'discrete', size: 5 },
  ];
  return spaces.flatMap((space) => {
    try {
      factory(contractTask(space)).dispose();
      return [space.type];
    } catch {
      // The contract itself checks that this throws the right code.
      return [];
    }
  });
}
