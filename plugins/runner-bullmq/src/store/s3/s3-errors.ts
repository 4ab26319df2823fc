import { messageOf, TersorError } from '@tersor/core';
import { isDisconnection } from '../../server/steadily.js';

/** What clients and servers of S3 say of an error, as far as it is used here. */
interface Said {
  readonly name?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

const NOT_SIGNED = ['InvalidAccessKeyId', 'SignatureDoesNotMatch', 'ExpiredToken', 'InvalidToken'];
const WRONG_REGION = [
  'AuthorizationHeaderMalformed',
  'PermanentRedirect',
  'IllegalLocationConstraintException',
];
/** What the client says of a connection; its code gets lost where it wraps the error in one of its own. */
const CONNECTION = /ECONN(REFUSED|RESET)|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|socket hang up/;
const BUSY = ['SlowDown', 'TimeoutError', 'RequestTimeout', 'ServiceUnavailable', 'InternalError'];

/** Whether an object is not there. */
export function isMissing(error: unknown): boolean {
  return ['NoSuchKey', 'NotFound'].includes((error as Said).name ?? '');
}

/** Whether the server is away or busy, so that it is worth asking again. */
export function isAway(error: unknown): boolean {
  const { name = '', $metadata } = error as Said;
  const status = $metadata?.httpStatusCode ?? 0;
  return (
    BUSY.includes(name) ||
    (status >= 500 && status !== 501) ||
    isDisconnection(error) ||
    CONNECTION.test(messageOf(error))
  );
}

/** An error that says what is wrong with a store in object storage, and what to do. */
export function storeError(cause: unknown, address: string, bucket: string): TersorError {
  if (cause instanceof TersorError) return cause;
  const { name = '', message = '', $metadata } = cause as Said;
  const status = $metadata?.httpStatusCode;
  const say = (what: string, hint: string) =>
    new TersorError('STORE_UNAVAILABLE', `The store ${address} ${what}`, { cause, hint });
  if (name === 'NoSuchBucket')
    return say(`has no bucket: there is no ${bucket}.`, 'Create the bucket, or correct runner.store.');
  if (name === 'CredentialsProviderError')
    return say(
      'cannot be used: this machine has no credentials for it.',
      'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the machine a role.',
    );
  if (WRONG_REGION.includes(name) || status === 301 || message === 'Region is missing')
    return say(
      `is not in this region: ${message}`,
      'Name the region in runner.store, ?region=..., or with AWS_REGION.',
    );
  if (NOT_SIGNED.includes(name))
    return say(
      `refuses the credentials of this machine: ${message}`,
      'Correct the access key or its secret.',
    );
  if (name === 'AccessDenied' || status === 403)
    return say(
      `does not allow this: ${message}`,
      `The credentials need to list ${bucket}, and to read, write and remove objects in it.`,
    );
  if (isAway(cause))
    return say(
      `cannot be reached: ${messageOf(cause)}`,
      'Correct the endpoint or the region of runner.store, or wait until the server is back and use --resume.',
    );
  return say(`cannot be used: ${name === '' ? '' : `${name}: `}${message}`, 'Correct runner.store.');
}
