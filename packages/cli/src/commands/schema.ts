import { Command, Argument } from 'commander';
import { compressConfigSchema, configJsonSchema, trainConfigSchema } from '@tersor/core';

/** `tersor schema`: the JSON schema of a config, for editors. */
export function schemaCommand(): Command {
  return new Command('schema')
    .description('print the JSON schema of a config, so that editors complete it')
    .addArgument(new Argument('<config>', 'which config').choices(['compress', 'train']))
    .action((which: string) => {
      process.stdout.write(`${JSON.stringify(configJsonSchema(which === 'train' ? trainConfigSchema : compressConfigSchema), undefined, 2)}\n`);
    });
}
