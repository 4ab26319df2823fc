import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createConnection, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A server of its own on a free port of this machine, its data in a temporary folder. */
export interface TestServer {
  readonly url: string;
  /** Ends it, and starts it again with what it had. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** A kind of server that this machine may have. */
export interface ServerKind {
  readonly isInstalled: boolean;
  start(): Promise<TestServer>;
}

const redisProgram = ['/usr/bin/redis-server', '/usr/local/bin/redis-server'].find(existsSync);
const postgresFolder = existsSync('/usr/lib/postgresql')
  ? readdirSync('/usr/lib/postgresql')
      .map((version) => join('/usr/lib/postgresql', version, 'bin'))
      .find((folder) => existsSync(join(folder, 'initdb')))
  : undefined;

/** Redis, which writes every change to the disk. */
export const redis: ServerKind = { isInstalled: redisProgram !== undefined, start: startRedis };
/** PostgreSQL with a new cluster. */
export const postgres: ServerKind = { isInstalled: postgresFolder !== undefined, start: startPostgres };

async function startRedis(): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'tersor-redis-'));
  const port = await freePort();
  let server: ChildProcess;
  const start = async () => {
    const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, ...durable];
    server = spawn(redisProgram!, args, { stdio: 'ignore' });
    await untilOpen(port);
  };
  const end = async () => {
    const closed = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGKILL');
    await closed;
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    restart: async () => {
      await end();
      await delay(300);
      await start();
    },
    stop: async () => {
      await end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startPostgres(): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'tersor-postgres-'));
  const port = await freePort();
  // It refuses to run as root.
  const isRoot = process.getuid?.() === 0;
  const user = isRoot ? ['runuser', '-u', 'postgres', '--'] : [];
  if (isRoot) {
    execFileSync('chown', ['postgres', folder]);
    chmodSync(folder, 0o700);
  }
  const run = (name: string, ...args: string[]) => {
    const [program, ...rest] = [...user, join(postgresFolder!, name), ...args] as [string, ...string[]];
    execFileSync(program, rest, { stdio: 'ignore', cwd: '/' });
  };
  const data = join(folder, 'data');
  run('initdb', '-D', data, '-A', 'trust', '-U', 'postgres', '--no-sync');
  const start = async () => {
    const settings = `-p ${port} -k ${folder} -c listen_addresses=127.0.0.1 -c fsync=off -c shared_buffers=16MB`;
    run('pg_ctl', '-D', data, '-w', '-l', join(folder, 'log'), '-o', settings, 'start');
    await untilOpen(port);
  };
  await start();
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    restart: async () => {
      run('pg_ctl', '-D', data, '-m', 'immediate', 'stop');
      await delay(300);
      await start();
    },
    stop: async () => {
      run('pg_ctl', '-D', data, '-m', 'immediate', 'stop');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A port that nothing listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Resolves when something listens on a port of this machine. */
export async function untilOpen(port: number): Promise<void> {
  while (!(await isOpen(port))) await delay(50);
}

/** Whether something listens on a port of this machine. */
export function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.once('connect', () => (socket.destroy(), resolve(true)));
    socket.once('error', () => resolve(false));
  });
}
