import { setTimeout as delay } from 'node:timers/promises';

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2000;
/** Error codes of drivers for a connection that is lost or not yet possible. */
const CODES = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH'];
/**
 * PostgreSQL: connection exceptions, too many connections, the server stops or starts, and transactions
 * rolled back because of a conflict.
 */
const SQL_STATES = /^(08...|53300|57P0[1-5]|40001|40P01)$/;
const MESSAGES =
  /connection (is closed|terminated|ended)|client (was closed|has encountered)|LOADING|timeout/i;

/** Whether an error only means that the server is not there now. */
export function isDisconnection(error: unknown): boolean {
  const { code, message = '' } = error as { readonly code?: unknown; readonly message?: string };
  const text = String(code);
  return CODES.includes(text) || SQL_STATES.test(text) || MESSAGES.test(message);
}

/** Whether BullMQ refused to change a job because its lease is lost: another worker or nobody holds it. */
export function isFenced(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'number' && code < 0;
}

/**
 * Repeats a request while the server is away. Rejects with the server's other errors, or with the reason of
 * `signal` when that is aborted.
 */
export async function steadily<T>(act: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
    signal?.throwIfAborted();
    try {
      return await orAborted(act(), signal);
    } catch (error) {
      if (signal?.aborted || !isDisconnection(error)) throw error;
      await delay(wait, undefined, signal && { signal }).catch(() => undefined);
    }
  }
}

/** The promise, or a rejection as soon as the signal is aborted. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise<T>((resolve, reject) => {
    const give = () => reject(signal.reason as Error);
    signal.addEventListener('abort', give, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', give));
  });
}
