import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { createKeyCommand, listKeysCommand, showKeyCommand, updateKeyCommand } from '../src/keys-commands.ts';
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

async function create(name: string, more: Partial<Parameters<typeof createKeyCommand>[0]> = {}) {
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
    expect(said).toMatch(/^name: must be 1 to 200 characters on one line[^\n]*\n$/);
    const store = await openStore({ url: url(), now: () => 0 });
    expect(await store.listKeys()).toEqual([]);
    await store.close();
  },
);

test.each([
  ['model', { model: ['a\nb'] }],
  ['scope', { scope: ['a\nb'] }],
  ['provider', { provider: ['a\nb'] }],
  ['plan', { plan: 'a\nb' }],
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

test.each([
  ['address', { address: ['10.0.0.0/33'] }, /^allowed_addresses\.0: must be an IP address or a block/],
  ['limit', { requestsPerMinute: 0.5 }, /^requests_per_minute: must be a whole number/],
  ['budget', { budgetUsdPerDay: 2e9 }, /^budget_usd_per_day: /],
])('refuses a wrong %s, and makes no key', async (_what, more, said) => {
  const before = await keysThereAre();
  const made = await create('laptop', more);
  expect(process.exitCode).toBe(2);
  expect(made.printed).toEqual([]);
  expect(made.said).toMatch(said);
  expect(await keysThereAre()).toEqual(before);
});

test('keeps everything that is said of a key, and the list shows it', async () => {
  await create('limited', {
    model: ['sim-atlas-large'],
    provider: ['simulated'],
    address: ['10.0.0.0/8', '::1'],
    plan: 'pro',
    requestsPerMinute: 5,
    tokensPerMinute: 6_000,
    budgetUsdPerDay: 1.5,
    budgetUsdPerMonth: 20,
    onExhausted: 'downgrade',
    holdBack: true,
    expiresInDays: 1,
  });
  expect(process.exitCode).toBeUndefined();
  expect((await keysThereAre()).at(-1)).toMatchObject({
    name: 'limited',
    allowedModels: ['sim-atlas-large'],
    allowedProviders: ['simulated'],
    allowedAddresses: ['10.0.0.0/8', '::1'],
    plan: 'pro',
    requestsPerMinute: 5,
    tokensPerMinute: 6_000,
    budgetMicroUsdPerDay: 1_500_000,
    budgetMicroUsdPerMonth: 20_000_000,
    onExhausted: 'downgrade',
    holdBack: true,
  });
  const lines: string[] = [];
  await listKeysCommand({ config }, { OUTRIDER_DETECT: 'none' }, (line) => lines.push(line));
  const [shown] = lines.filter((line) => line.includes('limited'));
  expect(shown).toMatch(
    /active {2}models sim-atlas-large {2}providers simulated {2}from 10\.0\.0\.0\/8,::1 {2}plan pro {2}requests\/min 5 {2}tokens\/min 6000 {2}USD\/day 1\.5 {2}USD\/month 20 {2}when used up downgrade {2}streams held back {2}expires \d{4}-\d\d-\d\d$/,
  );
});

test('changes a key and takes settings away; shows it as the API does', async () => {
  await create('before', { plan: 'pro', budgetUsdPerDay: 2, address: ['::1'], holdBack: true });
  const { id } = (await keysThereAre()).at(-1) ?? { id: '' };
  const lines: string[] = [];
  const print = (line: string) => lines.push(line);
  const env = { OUTRIDER_DETECT: 'none' };
  await updateKeyCommand(
    id,
    {
      config,
      name: 'after',
      scope: ['inference,intelligence'],
      tokensPerMinute: 77,
      clear: ['plan', 'address'],
      holdBack: false,
    },
    env,
    print,
  );
  expect(lines).toEqual([
    expect.stringMatching(/after {2}inference,intelligence {2}active {2}tokens\/min 77 {2}USD\/day 2$/),
  ]);
  await showKeyCommand(id, { config }, env, print);
  expect(JSON.parse(lines[1] ?? '')).toMatchObject({
    id,
    name: 'after',
    plan: null,
    allowed_addresses: null,
    limits: { requests_per_minute: null, tokens_per_minute: 77 },
    budget_usd_per_day: 2,
    hold_back: false,
  });
  expect(process.exitCode).toBeUndefined();
});

test.each([
  ['nothing', {}, /^: names nothing to change/],
  [
    'what cannot be cleared',
    { clear: ['name'] },
    /^There is no 'name' to clear\. There are: model, provider/,
  ],
  ['a plan there is not', { plan: 'gone' }, /^There is no plan 'gone'\. There are: free/],
])('a change of %s is refused', async (_what, options, words) => {
  await create('same');
  const { id } = (await keysThereAre()).at(-1) ?? { id: '' };
  stderr.mockClear();
  await updateKeyCommand(id, { config, ...options }, { OUTRIDER_DETECT: 'none' }, () => {});
  expect(process.exitCode).toBe(2);
  expect(stderr.mock.calls.map(([text]) => String(text)).join('')).toMatch(words);
  expect((await keysThereAre()).at(-1)).toMatchObject({ name: 'same' });
});

test('a key there is not can be neither shown nor changed', async () => {
  stderr.mockReturnValue(true);
  for (const command of [showKeyCommand, updateKeyCommand]) {
    process.exitCode = undefined;
    await command('key_nobody', { config, name: 'x' }, { OUTRIDER_DETECT: 'none' }, () => {});
    expect(process.exitCode).toBe(2);
  }
});

async function keysThereAre() {
  const store = await openStore({ url: url(), now: () => 0 });
  const keys = await store.listKeys();
  await store.close();
  return keys;
}
