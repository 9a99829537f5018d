import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

export interface Cluster {
  /** Of the database that every cluster has from its beginning. */
  readonly defaultUrl: string;
  /** A fresh empty database; returns its url. */
  createDatabase(): Promise<string>;
  /** An empty database too, always the same one: creating one costs 200 ms, emptying it 20. */
  emptyDatabase(): Promise<string>;
  /** As an operator's `pg_ctl stop`: connections are cut, `immediate` as a crash would. */
  stop(mode?: 'immediate' | 'fast'): Promise<void>;
  start(): Promise<void>;
  remove(): Promise<void>;
}

/** Where `initdb` and `postgres` are, undefined where PostgreSQL is not installed. */
export function findPostgres(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian)
    ? readdirSync(debian).map((version) => join(debian, version, 'bin'))
    : [];
  const folders = [...versions.reverse(), ...(process.env.PATH ?? '').split(':')];
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')));
}

/** What makes tests fast, and nobody's data safe. */
const FOR_TESTS = { fsync: 'off', full_page_writes: 'off' };

/**
 * A cluster of its own on a free port of the loopback.
 *
 * @param options.folder where it is to stay: one that is there already is started as it is. A temporary one by default
 * @param options.settings of the server beside those it needs, else durable for nobody
 */
export async function startPostgres(
  binaries: string,
  options: { readonly folder?: string; readonly settings?: Readonly<Record<string, string>> } = {},
): Promise<Cluster> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'outrider-postgres-'));
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  // PostgreSQL refuses to run as root, which containers often are.
  const asUser = process.getuid?.() === 0 ? ['runuser', '-u', 'postgres', '--'] : [];
  if (asUser.length > 0) chownSync(folder, Number(idOf('-u')), Number(idOf('-g')));
  const data = join(folder, 'data');
  if (!existsSync(data)) {
    const initialise = [
      ...asUser,
      join(binaries, 'initdb'),
      '-D',
      data,
      '-A',
      'trust',
      '-U',
      'outrider',
      '-N',
    ];
    execFileSync(initialise[0] as string, initialise.slice(1), { stdio: 'pipe', cwd: folder });
  }
  let server: ChildProcess | undefined;
  let databases = 0;
  let reused: string | undefined;

  async function start(): Promise<void> {
    const settings = {
      listen_addresses: '127.0.0.1',
      port,
      unix_socket_directories: '',
      max_connections: 200,
      ...(options.settings ?? FOR_TESTS),
    };
    const given = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const command = [...asUser, join(binaries, 'postgres'), '-D', data, ...given];
    server = spawn(command[0] as string, command.slice(1), { stdio: 'ignore', cwd: folder });
    for (let tries = 0; ; tries++) {
      try {
        return await run('select 1');
      } catch (error) {
        if (tries > 200 || server?.exitCode != null) throw error;
        await delay(50);
      }
    }
  }

  async function stop(mode: 'immediate' | 'fast' = 'immediate'): Promise<void> {
    if (server === undefined) return;
    const stopping = server;
    server = undefined;
    const ended = new Promise((resolve) => stopping.once('exit', resolve));
    const command = [...asUser, join(binaries, 'pg_ctl'), 'stop', '-D', data, '-m', mode, '-w'];
    execFileSync(command[0] as string, command.slice(1), { stdio: 'pipe', cwd: folder });
    await ended;
  }

  async function run(statement: string, database = 'postgres'): Promise<void> {
    const client = new pg.Client({ connectionString: urlOf(database) });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.query(statement);
    } finally {
      await client.end();
    }
  }

  async function createDatabase(): Promise<string> {
    databases += 1;
    await run(`create database test_${databases}`);
    return urlOf(`test_${databases}`);
  }

  function urlOf(database: string): string {
    return `postgres://outrider@127.0.0.1:${port}/${database}`;
  }

  await start();
  // A test process that dies in the middle must not leave a server behind.
  process.once('exit', () => server?.kill('SIGTERM'));
  return {
    defaultUrl: urlOf('postgres'),
    createDatabase,
    async emptyDatabase() {
      reused ??= await createDatabase();
      const name = new URL(reused).pathname.slice(1);
      await run('drop schema if exists drizzle, public cascade; create schema public', name);
      return reused;
    },
    start,
    stop,
    async remove() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function idOf(flag: '-u' | '-g'): string {
  return execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }).trim();
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
