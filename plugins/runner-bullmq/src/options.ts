import { z } from 'zod';

const needs = z.strictObject({
  cores: z.int().min(1).optional().describe('Cores that a trial needs.'),
  memory: z
    .string()
    .regex(/^\d+(\.\d+)? ?(MB|GB)$/, 'is a number with MB or GB, for instance "8 GB"')
    .optional()
    .describe('Memory that a trial needs, for instance "8 GB".'),
});

/** Options of the runner; `tersor worker` uses `url`, `store` and `prefix`. */
export const bullmqOptions = z.strictObject({
  url: z
    .string()
    .regex(/^(rediss?|postgres(ql)?):\/\//, 'begins with redis://, rediss://, postgres:// or postgresql://')
    .describe(
      'The server: Redis 6.2 or later, or PostgreSQL 13 or later. ${NAME} is a variable of the environment.',
    ),
  store: z
    .string()
    .min(1)
    .default('tersor-store')
    .describe(
      'For inputs, checkpoints and results in transit: a folder on a disk that all machines share, relative to the study, or s3://bucket/prefix.',
    ),
  needs: needs
    .prefault({})
    .describe('What a trial requires of a worker; its backend is known from the config.'),
  concurrency: z
    .int()
    .min(1)
    .default(500)
    .describe('Trials that are in the queue at the same time, waiting or running.'),
  leaseSeconds: z
    .number()
    .min(0.5)
    .default(30)
    .describe('A worker that is silent for this long loses its trial, which continues on another worker.'),
  retakes: z
    .int()
    .min(0)
    .default(10)
    .describe('How often a trial of a lost worker is given to another; after that it has failed.'),
  pollSeconds: z
    .number()
    .min(0.05)
    .default(1)
    .describe('How often workers look for trials, and a study for workers.'),
  prefix: z
    .string()
    .regex(/^[a-z][a-z0-9_]*$/, 'is small letters, digits and _')
    .default('tersor')
    .describe('Start of the keys in Redis, and schema in PostgreSQL; separates several teams on one server.'),
});

/** Options with their defaults filled in. */
export type BullmqOptions = z.output<typeof bullmqOptions>;

/** Bytes of a text such as "8 GB". */
export function bytesOf(text: string): number {
  const [, value, unit] = /^([\d.]+) ?(MB|GB)$/.exec(text)!;
  return Number(value) * (unit === 'GB' ? 1e9 : 1e6);
}
