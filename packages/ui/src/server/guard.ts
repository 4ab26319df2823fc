import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { hostname } from 'node:os';

/** Header of requests that change something; pages of other sites cannot send it. */
export const ACTION_HEADER = 'x-tersor-ui';

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** Whether a host to listen on can only be reached from this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host);
}

/** Creates a random token. */
export function makeToken(): string {
  return randomBytes(18).toString('base64url');
}

/** Name of the cookie of a token: a browser sends the cookies of a host to all its ports. */
export function cookieOf(token: string): string {
  return `tersor-ui-${createHash('sha256').update(token).digest('hex').slice(0, 8)}`;
}

/** Whether a text is the token, compared in constant time. */
export function isToken(token: string, given: string | undefined): boolean {
  const [a, b] = [token, given ?? ''].map((text) => createHash('sha256').update(text).digest());
  return timingSafeEqual(a!, b!);
}

/**
 * Whether a request is addressed to this server by its own name or address. A page of another site whose name
 * was made to resolve to this server (DNS rebinding) uses that site's name.
 * @param header the request's `Host` header
 * @param host host that the server listens on
 */
export function isOwnHost(header: string | undefined, host: string): boolean {
  const name = header?.replace(/:\d+$/, '').toLowerCase();
  if (name === undefined) return false;
  if (LOOPBACK.includes(name)) return true;
  if (isLoopback(host)) return name === host;
  const bare = name.replace(/^\[(.*)\]$/, '$1');
  return isIP(bare) !== 0 || name === host.toLowerCase() || name === hostname().toLowerCase();
}

/** Whether a request that changes something comes from a page of this server. */
export function isOwnPage(headers: {
  readonly origin: string | undefined;
  readonly host: string | undefined;
  readonly action: string | undefined;
}): boolean {
  if (headers.action === undefined) return false;
  return headers.origin === undefined || headers.origin === `http://${headers.host}`;
}
