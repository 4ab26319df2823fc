import { createHash } from 'node:crypto';

/** Tells policies apart: those of large networks are megabytes of JSON. */
export function policyDigest(policy: unknown): string {
  return createHash('sha256').update(JSON.stringify(policy)).digest('base64');
}
