import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { createKeyCommand } from '../src/keys-commands.ts';
import { openStore } from '../src/store/open.ts';

let folder: string;
let config: string;
const url = () => `sqlite:${join(folder, 'outrider.db')}`;
const stderr = vi.spyOn(process.stderr, 'write');

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'outrider-keys-'));
  config = join(folder, 'outrider.toml');
  writeFileSync(config, `[store]\nurl = "${url()}"\n`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => {
  process.exitCode = undefined;
  stderr.mockClear();
});

async function create(name: string, more: { scope?: string[]; model?: string[] } = {}) {
  const printed: string[] = [];
  stderr.mockReturnValue(true);
  await createKeyCommand(
    { config, name, scope: ['inference'], ...more },
    { OUTRIDER_DETECT: 'none' },
    (line) => printed.push(line),
  );
  return { printed, said: stderr.mock.calls.map(([text]) => String(text)).join('') };
}

test.each(['', '   ', '\t', 'two\nlines', '\u001b[31mred', 'x'.repeat(201)])(
  'refuses the name %j',
  async (name) => {
    const { printed, said } = await create(name);
    expect(process.exitCode).toBe(2);
    expect(printed).toEqual([]);
    expect(said).toMatch(/^A key needs a name of 1 to 200 characters on one line[^\n]*\n$/);
    const store = await openStore({ url: url(), now: () => 0 });
    expect(await store.listKeys()).toEqual([]);
    await store.close();
  },
);

test.each([
  ['model', { model: ['a\nb'] }],
  ['scope', { scope: ['a\nb'] }],
])('names a wrong %s on one line', async (_what, more) => {
  const { printed, said } = await create('laptop', more);
  expect(process.exitCode).toBe(2);
  expect(printed).toEqual([]);
  expect(said).toMatch(/^There is no [^\n]*a\\nb[^\n]*\n$/);
});

test('keeps a name without the blanks around it', async () => {
  const { printed } = await create('  laptop of Zoë ');
  expect(process.exitCode).toBeUndefined();
  expect(printed).toEqual([expect.stringMatching(/^or-/)]);
  const store = await openStore({ url: url(), now: () => 0 });
  expect(await store.listKeys()).toMatchObject([{ name: 'laptop of Zoë' }]);
  await store.close();
});
