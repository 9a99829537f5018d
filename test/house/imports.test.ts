import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SRC = resolve(dirname(fileURLToPath(import.meta.url)), '../../src');

/** Who may import whom: the table of docs/architecture.md. `types` are rooms whose types alone may be named. */
interface Walls {
  readonly rooms: readonly string[];
  readonly types: readonly string[];
  readonly packages: readonly string[];
}

const ROOM_TO_WALLS: Readonly<Record<string, Walls>> = {
  core: {
    rooms: ['core'],
    types: [],
    packages: ['simple-statistics', 'd3-random', '@datadog/sketches-js'],
  },
  config: {
    rooms: ['config', 'core'],
    types: [],
    packages: ['zod', 'smol-toml', '@pydantic/genai-prices', 'node:'],
  },
  providers: {
    rooms: ['providers', 'core'],
    types: [],
    packages: ['undici', 'opossum', 'ws', '@ai-sdk/', 'node:'],
  },
  store: {
    rooms: ['store', 'core'],
    types: [],
    packages: ['drizzle-orm', 'better-sqlite3', 'pg', 'lru-cache', 'rate-limiter-flexible', 'node:'],
  },
  alerts: { rooms: ['alerts', 'core'], types: [], packages: ['undici', 'node:'] },
  gateway: { rooms: ['gateway', 'core'], types: ['providers', 'store'], packages: [] },
  dashboard: {
    rooms: ['dashboard'],
    types: ['http'],
    packages: ['eventsource-parser', 'preact', 'uplot', 'zod'],
  },
  http: {
    rooms: ['http', 'core'],
    types: ['gateway'],
    packages: ['fastify', '@fastify/', 'ws', 'zod', 'zod-openapi', 'node:'],
  },
  'app.ts': { rooms: ['http', 'gateway', 'core', 'metrics.ts'], types: [], packages: ['fastify'] },
  'metrics.ts': { rooms: ['core'], types: ['gateway'], packages: ['prom-client'] },
  'tracing.ts': { rooms: ['core'], types: ['gateway'], packages: ['@opentelemetry/api'] },
};

/**
 * Within a room, its folders from the ground up: each may import those before it, so that no two lean on each other. What
 * lies in the room itself is for all of them, and names none but for types (`deps.ts` puts theirs together).
 */
const ROOM_TO_FOLDERS: Readonly<Record<string, readonly string[]>> = {
  gateway: ['admission', 'learning', 'request', 'dialects', 'evidence', 'reports'],
  http: ['admission', 'inference', 'intelligence', 'keys', 'models', 'dashboard'],
};

/** They put the house together and may name everything. */
const UNWALLED = new Set([
  'main.ts',
  'serve.ts',
  'log.ts',
  'cli.ts',
  'models-commands.ts',
  'purge-command.ts',
  'replay-command.ts',
  'keys-commands.ts',
  'line-writer.ts',
  'housekeeping.ts',
  'reports-ahead.ts',
  'one-at-a-time.ts',
  'who-may-come.ts',
  'import-command.ts',
  'ask-gateway.ts',
  'command-store.ts',
  'version.ts',
]);

const IMPORT =
  /^(?:import|export)\s+(type\s)?[^;]*?from\s+'([^']+)'|import\(\s*'([^']+)'\s*\)|^import\s+'([^']+)'/gm;

interface Import {
  readonly file: string;
  readonly room: string;
  readonly isType: boolean;
  readonly target: string;
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file));
const imports = files.flatMap(importsOf);

function importsOf(file: string): Import[] {
  const text = readFileSync(join(SRC, file), 'utf8');
  return [...text.matchAll(IMPORT)].map((match) => ({
    file,
    room: roomOf(file),
    isType: match[1] !== undefined,
    target: match[2] ?? match[3] ?? match[4] ?? '',
  }));
}

function roomOf(path: string): string {
  return path.split('/')[0] ?? path;
}

function breach({ file, room, isType, target }: Import): string | undefined {
  if (UNWALLED.has(room)) return undefined;
  const walls = ROOM_TO_WALLS[room];
  if (walls === undefined) return `${file}: '${room}' is no room of the house`;
  if (!target.startsWith('.')) {
    const isAllowed = walls.packages.some(
      (name) =>
        target === name || target.startsWith(name.endsWith(':') || name.endsWith('/') ? name : `${name}/`),
    );
    return isAllowed ? undefined : `${file} imports the package ${target}`;
  }
  const targetRoom = roomOf(relative(SRC, resolve(SRC, dirname(file), target)));
  if (walls.rooms.includes(targetRoom) || (isType && walls.types.includes(targetRoom))) return undefined;
  return `${file} imports ${isType ? 'types of ' : ''}${targetRoom} (${target})`;
}

/** A folder of a room that leans on one above it. */
function lean({ file, room, isType, target }: Import): string | undefined {
  const folders = ROOM_TO_FOLDERS[room];
  if (folders === undefined || !target.startsWith('.')) return undefined;
  const to = relative(SRC, resolve(SRC, dirname(file), target));
  if (roomOf(to) !== room) return undefined;
  const [from, on] = [folderOf(file), folderOf(to)];
  if (on === undefined || from === on) return undefined;
  const unknown = [from, on].find((folder) => folder !== undefined && !folders.includes(folder));
  if (unknown !== undefined) return `${room}/${unknown} is no folder of ${room}`;
  const isBelow = from === undefined ? isType : folders.indexOf(on) < folders.indexOf(from);
  return isBelow ? undefined : `${file} leans on ${room}/${on} (${target})`;
}

function folderOf(path: string): string | undefined {
  const [, folder, file] = path.split('/');
  return file === undefined ? undefined : folder;
}

describe('who may import whom', () => {
  it('finds the imports there are', () => {
    expect(files.length).toBeGreaterThan(80);
    expect(imports.length).toBeGreaterThan(files.length);
  });

  it('holds in every file', () => {
    expect(imports.flatMap((found) => breach(found) ?? [])).toEqual([]);
  });

  it('would see a breach', () => {
    const found = { file: 'core/task/x.ts', room: 'core', isType: false };
    expect(breach({ ...found, target: '../../store/open.ts' })).toContain('store');
    expect(breach({ ...found, target: 'fastify' })).toContain('fastify');
    expect(breach({ ...found, target: 'node:fs' })).toContain('node:fs');
    expect(
      breach({ ...found, file: 'gateway/x.ts', room: 'gateway', target: '../providers/guard.ts' }),
    ).toBeDefined();
    const typed = { ...found, file: 'gateway/x.ts', room: 'gateway', isType: true };
    expect(breach({ ...typed, target: '../providers/guard.ts' })).toBeUndefined();
  });
});

describe('folders within a room', () => {
  it('lean on those before them only', () => {
    expect(imports.flatMap((found) => lean(found) ?? [])).toEqual([]);
  });

  it('are all known', () => {
    for (const [room, folders] of Object.entries(ROOM_TO_FOLDERS)) {
      const there = files.filter((file) => roomOf(file) === room).flatMap((file) => folderOf(file) ?? []);
      expect(new Set(there), room).toEqual(new Set(folders));
    }
  });

  it('would be seen leaning', () => {
    const found = { file: 'gateway/evidence/x.ts', room: 'gateway', isType: false };
    expect(lean({ ...found, target: '../request/plan.ts' })).toBeUndefined();
    expect(lean({ ...found, target: '../reports/rankings.ts' })).toContain('gateway/reports');
    expect(lean({ ...found, target: '../reports/rankings.ts', isType: true })).toContain('gateway/reports');
    expect(lean({ ...found, target: '../drawer/x.ts' })).toContain('drawer');
    const atTop = { ...found, file: 'gateway/x.ts' };
    expect(lean({ ...atTop, target: './request/plan.ts' })).toBeDefined();
    expect(lean({ ...atTop, target: './request/plan.ts', isType: true })).toBeUndefined();
    expect(
      lean({ ...found, file: 'gateway/request/operations/x.ts', target: '../../deps.ts' }),
    ).toBeUndefined();
  });
});

describe('packages of other languages', () => {
  it('are loaded when first used: nobody imports them at the top', () => {
    const theirs = imports.filter(({ target }) => target.startsWith('@ai-sdk/'));
    const ofCode = theirs.filter(({ isType, target }) => !isType && target !== '@ai-sdk/provider');
    expect(ofCode.map(({ file, target }) => `${file} ${target}`).sort()).toEqual([
      'providers/ai-sdk/open-provider.ts @ai-sdk/amazon-bedrock',
      'providers/ai-sdk/open-provider.ts @ai-sdk/anthropic',
      'providers/ai-sdk/open-provider.ts @ai-sdk/google',
    ]);
    const text = readFileSync(join(SRC, 'providers/ai-sdk/open-provider.ts'), 'utf8');
    expect(text.match(/await import\('@ai-sdk\//g)).toHaveLength(3);
    expect(theirs.filter(({ isType, target }) => !isType && target === '@ai-sdk/provider')).toEqual([]);
  });
});

describe('clock, randomness and environment', () => {
  /** What only the process and the configuration may name; everybody else is handed it. */
  const IMPURE = /\bMath\.random\b|\bDate\.now\b|\bprocess\.env\b|\bperformance\.now\b/;
  const MAY_NAME = (file: string) =>
    // The dashboard's clock is that of its reader.
    UNWALLED.has(file) || file.startsWith('config/') || file.startsWith('dashboard/');

  it('are named in the process and the configuration only', () => {
    const offenders = files.filter((file) => {
      const code = readFileSync(join(SRC, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
      return !MAY_NAME(file) && IMPURE.test(code);
    });
    expect(offenders).toEqual([]);
  });
});

describe('house style that a program can see', () => {
  it('has no drawers, no barrels and no consoles', () => {
    const drawers = files.filter((file) =>
      /(^|\/)(utils?|helpers?|lib|common|types|index)(\.ts|\/)/.test(file),
    );
    const consoles = files.filter(
      (file) => !UNWALLED.has(file) && /\bconsole\./.test(readFileSync(join(SRC, file), 'utf8')),
    );
    expect({ drawers, consoles }).toEqual({ drawers: [], consoles: [] });
  });

  it('casts through unknown in one place at most', () => {
    const casts = files.flatMap(
      (file) =>
        readFileSync(join(SRC, file), 'utf8')
          .match(/as unknown as/g)
          ?.map(() => file) ?? [],
    );
    expect(casts.length).toBeLessThanOrEqual(1);
  });
});
