import type { Command } from 'commander';

/** A command in the list of commands, with a function that loads its module. */
export interface CommandEntry {
  readonly name: string;
  /** Usage, as commander prints it. */
  readonly usage: string;
  readonly description: string;
  load(): Promise<Command>;
}

/**
 * All commands, in the order of `tersor --help`. A test keeps these texts equal to those of the commands.
 */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'train',
    usage: '[options] <config>',
    description: 'train a network from scratch and write it as a LayersModel',
    load: async () => (await import('./commands/train.js')).trainCommand(),
  },
  {
    name: 'init',
    usage: '[options]',
    description: 'write a config for your model and data, checked by the accuracy of the model',
    load: async () => (await import('./commands/init.js')).initCommand(),
  },
  {
    name: 'compress',
    usage: '[options] <config>',
    description: 'search a pruning and a quantization policy for a model, and write the smaller model',
    load: async () => (await import('./commands/compress.js')).compressCommand(),
  },
  {
    name: 'apply',
    usage: '[options] <run>',
    description:
      'apply the policy of an earlier compression: prune, refit, fine-tune, quantize, measure and write, without a search',
    load: async () => (await import('./commands/apply.js')).applyCommand(),
  },
  {
    name: 'eval',
    usage: '[options] <model>',
    description: 'measure the accuracy of a model (a LayersModel or a packed .tersor file)',
    load: async () => (await import('./commands/eval.js')).evalCommand(),
  },
  {
    name: 'export',
    usage: '[options] <model>',
    description: 'write a model in another format, by default as a LayersModel for stock TensorFlow.js',
    load: async () => (await import('./commands/export.js')).exportCommand(),
  },
  {
    name: 'inspect',
    usage: '[options] <model>',
    description: "show a model's layers, their cost, and which channels can be pruned",
    load: async () => (await import('./commands/inspect.js')).inspectCommand(),
  },
  {
    name: 'profile',
    usage: '[options] <model>',
    description:
      'measure how long each layer of a model takes at several channel counts: a table for "prune.budget.latency"',
    load: async () => (await import('./commands/profile.js')).profileCommand(),
  },
  {
    name: 'study',
    usage: '[options] [command] <study>',
    description: 'run compressions with every combination of some settings and seeds, and compare them',
    load: async () => (await import('./commands/study.js')).studyCommand(),
  },
  {
    name: 'worker',
    usage: '[options]',
    description: 'take trials of studies on other machines from a queue, and run them here',
    load: async () => (await import('./commands/worker.js')).workerCommand(),
  },
  {
    name: 'report',
    usage: '[options] <folder...>',
    description: 'write report.html for the folder of a compression or of a study, or two runs side by side',
    load: async () => (await import('./commands/report.js')).reportCommand(),
  },
  {
    name: 'ui',
    usage: '[options] [folder...]',
    description: 'show runs and studies live on a local web page: curves, fronts, layers, logs',
    load: async () => (await import('./commands/ui.js')).uiCommand(),
  },
  {
    name: 'doctor',
    usage: '[options]',
    description: 'show which backends can run here, and what to install for the others',
    load: async () => (await import('./commands/doctor.js')).doctorCommand(),
  },
  {
    name: 'plugins',
    usage: '[options]',
    description: 'list the plugins that are installed',
    load: async () => (await import('./commands/plugins.js')).pluginsCommand(),
  },
  {
    name: 'new',
    usage: '[options] <kind> <id>',
    description: 'write a new plugin: working source, contract test, README and example config',
    load: async () => (await import('./commands/new.js')).newCommand(),
  },
  {
    name: 'check',
    usage: '[options] <plugin>',
    description: 'test a plugin against its contract: every rule is checked, every failure explained',
    load: async () => (await import('./commands/check.js')).checkCommand(),
  },
  {
    name: 'completion',
    usage: '[options] <shell>',
    description: 'print a script that lets a shell complete commands and options',
    load: async () => (await import('./commands/completion.js')).completionCommand(loadAll),
  },
  {
    name: 'schema',
    usage: '[options] <config>',
    description: 'print the JSON schema of a config, so that editors complete it',
    load: async () => (await import('./commands/schema.js')).schemaCommand(),
  },
];

/** Loads all commands. */
function loadAll(): Promise<readonly Command[]> {
  return Promise.all(COMMANDS.map(({ load }) => load()));
}
