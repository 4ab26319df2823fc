import { Command, Argument } from 'commander';
import { compressConfigSchema, configJsonSchema, trainConfigSchema } from '@tersor/core';
import { studySchema } from '@tersor/study';

const SCHEMAS = { compress: compressConfigSchema, train: trainConfigSchema, study: studySchema };

/** `tersor schema`: prints the JSON schema of a config, for editors. */
export function schemaCommand(): Command {
  return new Command('schema')
    .description('print the JSON schema of a config, so that editors complete it')
    .addArgument(new Argument('<config>', 'which config').choices(Object.keys(SCHEMAS)))
    .action((which: keyof typeof SCHEMAS) => {
      process.stdout.write(`${JSON.stringify(configJsonSchema(SCHEMAS[which]), undefined, 2)}\n`);
    });
}
