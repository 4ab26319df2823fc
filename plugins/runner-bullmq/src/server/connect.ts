import { messageOf, TersorError } from '@tersor/core';
import { withoutUrlPasswords } from '@tersor/study';
import {
  createPostgresBackend,
  createRedisBackend,
  Queue,
  QueueEvents,
  runMigrations,
  Worker,
  type BackendFactory,
  type IQueueBackend,
  type JobProgress,
} from 'bullmq';
import { Redis } from 'ioredis';
import { Pool } from 'pg';

/** A queue with jobs of some kind, on any kind of server. */
export type JobQueue<Data, Result = unknown> = Queue<
  Data,
  Result,
  string,
  Data,
  Result,
  string,
  IQueueBackend,
  unknown
>;
/** Takes jobs from a queue one by one, and finds those whose worker is gone. */
export type JobTaker<Data, Result> = Worker<Data, Result, string, IQueueBackend, JobProgress, unknown>;
/** Listens to the events of a queue. */
export type JobEvents = QueueEvents<unknown, IQueueBackend, unknown>;

/** A server with queues. */
export interface QueueServer {
  /** Its address, without the password. */
  readonly name: string;
  queue<Data, Result = unknown>(name: string): JobQueue<Data, Result>;
  /** A job whose lease was not renewed for `leaseMs` is given to another worker, at most `retakes` times. */
  taker<Data, Result>(name: string, leaseMs: number, retakes: number): JobTaker<Data, Result>;
  events(name: string): JobEvents;
  /** Closes all connections. */
  close(): Promise<void>;
}

interface Backend {
  readonly connection: unknown;
  readonly factory: BackendFactory<IQueueBackend, unknown>;
  end(): Promise<void>;
}

const CONNECT_MS = 5000;
/** Connections to PostgreSQL per queue, for queries: a server has a hundred for all workers. */
const POOL = 1;

/**
 * Connects to Redis or PostgreSQL by URL. `${NAME}` in the URL is an environment variable. `prefix` is the
 * prefix of keys in Redis, and the schema in PostgreSQL. Throws `QUEUE_UNAVAILABLE`.
 */
export async function connect(given: string, prefix: string): Promise<QueueServer> {
  const url = withVariables(given);
  const name = withoutUrlPasswords(url);
  const { connection, factory, end } = await (/^rediss?:/.test(url) ? redis : postgres)(url, prefix).catch(
    (cause: unknown) => {
      throw new TersorError('QUEUE_UNAVAILABLE', `${name} cannot be reached or used: ${messageOf(cause)}`, {
        cause,
        hint: 'Start the server (Redis 6.2 or PostgreSQL 13, or later), or correct runner.url: user, password, port.',
      });
    },
  );
  const open: { close(): Promise<void> }[] = [];
  const kept = <T extends { on(event: 'error', listener: () => void): unknown; close(): Promise<void> }>(
    each: T,
  ): T => {
    // The caller of each operation gets the error as well.
    each.on('error', () => undefined);
    open.push(each);
    return each;
  };
  const shared = { connection, prefix };
  return {
    name,
    queue: <Data, Result>(queue: string) =>
      kept(new Queue(queue, shared, factory) as unknown as JobQueue<Data, Result>),
    taker: <Data, Result>(queue: string, leaseMs: number, retakes: number) => {
      const times = { lockDuration: leaseMs, stalledInterval: leaseMs / 2, maxStalledCount: retakes };
      const worker = new Worker(queue, undefined, { ...shared, ...times, autorun: false }, factory);
      return kept(worker as unknown as JobTaker<Data, Result>);
    },
    events: (queue) => kept(new QueueEvents(queue, shared, factory) as unknown as JobEvents),
    close: async () => {
      await Promise.allSettled(open.reverse().map((each) => each.close()));
      await end();
    },
  };
}

async function redis(url: string): Promise<Backend> {
  let wasThere = false;
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    maxRetriesPerRequest: null,
    // A server that was never reached is a mistake in the URL; one that is gone will come back.
    retryStrategy: (times) => (wasThere ? Math.min(50 * times, 1000) : null),
  });
  // What the server said of a password comes as an event; the connection then only says that it is closed.
  let said: Error | undefined;
  client.on('error', (error: Error) => void (said = error));
  await client.connect().catch((error: unknown) => {
    throw said ?? error;
  });
  wasThere = true;
  return {
    connection: client,
    factory: createRedisBackend as BackendFactory<IQueueBackend, unknown>,
    end: async () => client.disconnect(),
  };
}

async function postgres(url: string, schema: string): Promise<Backend> {
  const pool = new Pool({ connectionString: url, max: 1, connectionTimeoutMillis: CONNECT_MS });
  pool.on('error', () => undefined);
  try {
    const client = await pool.connect();
    try {
      await runMigrations(client, schema);
    } finally {
      client.release();
    }
  } finally {
    await pool.end();
  }
  return {
    connection: { connectionString: url, schema, max: POOL, idleTimeoutMillis: 10_000 },
    factory: createPostgresBackend as BackendFactory<IQueueBackend, unknown>,
    end: async () => undefined,
  };
}

/** Fills in environment variables: no password has to be in a study or on a command line. */
function withVariables(url: string): string {
  return url.replace(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = process.env[name];
    if (value === undefined)
      throw new TersorError('QUEUE_UNAVAILABLE', `runner.url names the variable ${name}, which is not set.`, {
        hint: `Set ${name} in the environment of this command.`,
      });
    return encodeURIComponent(value);
  });
}
