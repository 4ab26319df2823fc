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

/** What the contract says of one plugin. */
export interface CheckedPlugin {
  readonly kind: PluginKind;
  readonly id: string;
  readonly rules: number;
  /** Each broken rule in words: rule, member, expected, found, page. */
  readonly failures: readonly string[];
}

/** What contracts are checked with. */
export interface CheckPlaces {
  /** Folders that plugins are looked up from. */
  readonly directories: readonly string[];
  /** The backend that plugins of other kinds compute with. */
  readonly backend: string;
  /** A file for formats that only read. */
  readonly sample: string | undefined;
}

/** Holds every plugin of a module to its contract. Throws as loading does, and `PLUGIN_OPTIONS_INVALID`. */
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
    // A contract makes the product many times, so the options are validated once and create is called each
    // time.
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
  get: () =>
    Promise.reject(
      new TersorError('PLUGIN_NOT_FOUND', 'tersor check makes one plugin, and wires no others.'),
    ),
};

/**
 * The rules of a plugin's kind. Throws `PLUGIN_INVALID` where the contract needs a product at once and
 * `create` is asynchronous.
 */
async function contractOf(
  plugin: Plugin,
  make: () => unknown,
  { directories, sample }: { readonly directories: readonly string[]; readonly sample: string | undefined },
): Promise<Case[]> {
  const now = <T>() => {
    const product = make();
    if (product instanceof Promise)
      throw new TersorError('PLUGIN_INVALID', `${plugin.kind} "${plugin.id}" is made asynchronously.`, {
        hint: 'Run its contract from its own tests instead.',
      });
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

/** Kinds of action spaces that an agent takes. */
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
      // The contract's own case then asks for the right code.
      return [];
    }
  });
}
