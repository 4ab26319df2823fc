import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import {
  freePort,
  isOpen,
  killed,
  lifeOf,
  READY_MS,
  untilOpen,
  type ServerKind,
  type TestServer,
} from './servers.js';

const PYTHON = '/usr/bin/python3';
const MEMCACHED = '/usr/bin/memcached';

/** The bucket that it begins with. */
const BUCKET = 'tersor';
/** What the server knows, as the environment of those who use it. */
export const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'test:tester', AWS_SECRET_ACCESS_KEY: 'testing' };

/** OpenStack Swift with its S3 interface; its `url` is the address of a store. Sets the credentials here. */
export const swift: ServerKind = { isInstalled: isInstalled(), start: startSwift };

function isInstalled(): boolean {
  if (!existsSync(PYTHON) || !existsSync(MEMCACHED)) return false;
  try {
    execFileSync(PYTHON, ['-c', 'import swift.proxy.server'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function untilFree(port: number): Promise<void> {
  while (await isOpen(port)) await delay(20);
}

async function startSwift(): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'tersor-swift-'));
  const ports: number[] = [];
  while (ports.length < 5) {
    const port = await freePort();
    if (!ports.includes(port)) ports.push(port);
  }
  let running: ChildProcess[] = [];
  const start = async () => {
    const of = (program: string, args: readonly string[]) => spawn(program, args, { stdio: 'ignore' });
    const cache = ['-l', '127.0.0.1', '-p', String(ports[4]), '-U', '0', '-m', '16'];
    const asRoot = process.getuid?.() === 0 ? ['-u', 'root'] : [];
    const program = [join(__dirname, 'swift-server.py'), folder, ...ports.map(String)];
    running = [of(MEMCACHED, [...cache, ...asRoot]), of(PYTHON, program)];
    await Promise.all(ports.map((port) => untilOpen(port, running)));
  };
  const end = async () => {
    await killed(running);
    // The processes of Swift end with their parent, a little later.
    await Promise.all(ports.map(untilFree));
  };
  await start();
  // The client says at every start that it will want a newer Node.
  Object.assign(process.env, CREDENTIALS, { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' });
  const endpoint = `http://127.0.0.1:${ports[0]}`;
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true });
  const started = performance.now();
  for (;;) {
    try {
      await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
      break;
    } catch (error) {
      if (performance.now() - started > READY_MS) throw error;
      await delay(100);
    }
  }
  client.destroy();
  return { url: `s3://${BUCKET}/store?endpoint=${endpoint}`, ...lifeOf(folder, start, end) };
}
