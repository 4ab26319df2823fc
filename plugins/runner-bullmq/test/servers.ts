import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
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

/** Milliseconds in which a server is there, however busy the machine is. */
export const READY_MS = 120_000;

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
    await untilOpen(port, [server]);
  };
  const end = () => killed([server]);
  await start();
  return { url: `redis://127.0.0.1:${port}`, ...lifeOf(folder, start, end) };
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
    await untilOpen(port, []);
  };
  const end = async () => run('pg_ctl', '-D', data, '-m', 'immediate', 'stop');
  await start();
  return { url: `postgres://postgres@127.0.0.1:${port}/postgres`, ...lifeOf(folder, start, end) };
}

/** How a server is restarted and stopped that keeps all that it has in a folder. */
export function lifeOf(
  folder: string,
  start: () => Promise<void>,
  end: () => Promise<void>,
): Omit<TestServer, 'url'> {
  return {
    restart: async () => {
      await end();
      // For those who use it to see that it is away.
      await delay(300);
      await start();
    },
    stop: async () => {
      await end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Kills processes, and resolves when they are gone. */
export async function killed(processes: readonly ChildProcess[]): Promise<void> {
  const ends = processes.map(
    (each) => hasEnded(each) || new Promise((resolve) => each.once('exit', resolve)),
  );
  for (const each of processes) each.kill('SIGKILL');
  await Promise.all(ends);
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null;

/**
 * A port that nothing listens on. It is below those that systems hand out to whoever asks for any port, and
 * to connections: nobody takes it before its server, or while that is restarted.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(15_000, 32_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}

/** Resolves when something listens on a port of this machine. Throws where one of the processes has ended. */
export async function untilOpen(port: number, processes: readonly ChildProcess[]): Promise<void> {
  const started = performance.now();
  while (!(await isOpen(port))) {
    if (processes.some(hasEnded)) throw new Error(`A server ended before it listened on ${port}.`);
    if (performance.now() - started > READY_MS) throw new Error(`Nothing listens on ${port}.`);
    await delay(50);
  }
}

/** Whether something listens on a port of this machine. */
export function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.once('connect', () => (socket.destroy(), resolve(true)));
    socket.once('error', () => resolve(false));
  });
}
