import { TersorError } from '@tersor/core';

/** Where objects of a store lie. */
export interface S3Address {
  readonly bucket: string;
  /** Begins every key: empty, or with `/` at its end. */
  readonly prefix: string;
  /** Of a server that is not Amazon's. */
  readonly endpoint?: string;
  readonly region?: string;
}

const KNOWN = ['endpoint', 'region'];

/** Reads `s3://bucket/prefix?endpoint=...&region=...`. Throws `STORE_UNAVAILABLE`. */
export function parseS3Address(text: string): S3Address {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const options = url ? [...url.searchParams.keys()] : [];
  const unknown = options.find((name) => !KNOWN.includes(name));
  const endpoint = url?.searchParams.get('endpoint') ?? undefined;
  const region = url?.searchParams.get('region') ?? undefined;
  const path = url && decoded(url.pathname);
  const problem =
    !url || url.hostname === ''
      ? 'names no bucket'
      : url.username !== '' || url.password !== ''
        ? 'holds credentials, which would be written down with the study'
        : unknown !== undefined
          ? `has the option ${JSON.stringify(unknown)}; there are ${KNOWN.join(' and ')}`
          : endpoint !== undefined && !/^https?:\/\/[^@/]+\/?$/.test(endpoint)
            ? 'has an endpoint that is not http:// or https:// with a host'
            : path === undefined
              ? 'has a % in its path that begins no character: write %25'
              : undefined;
  if (problem !== undefined)
    throw new TersorError('STORE_UNAVAILABLE', `The store ${withoutUser(text)} ${problem}.`, {
      hint: 'Write s3://bucket/prefix?endpoint=https://host:port&region=name; credentials come from the environment.',
    });
  const prefix = path!.replace(/^\/+|\/+$/g, '');
  return {
    bucket: url!.hostname,
    prefix: prefix === '' ? '' : `${prefix}/`,
    ...(endpoint !== undefined && { endpoint }),
    ...(region !== undefined && { region }),
  };
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

function withoutUser(text: string): string {
  return text.replace(/\/\/[^/]*@/, '//');
}
