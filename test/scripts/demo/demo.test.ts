import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../../fixtures/gateway.ts';

const DEMO = fileURLToPath(new URL('../../../scripts/demo.ts', import.meta.url));
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
let folder: string;
let gateway: TestGateway;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outrider-demo-test-'));
  gateway = await startGateway();
});
afterAll(async () => {
  await gateway.stop();
  await rm(folder, { recursive: true, force: true });
});

const demo = (...words: string[]) =>
  promisify(execFile)(process.execPath, ['--import', TSX, DEMO, ...words], { cwd: folder }).then(
    ({ stdout }) => ({ code: 0, stdout, stderr: '' }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  );

it('sends tasks through a running gateway and prints how their traffic moved', async () => {
  const { code, stdout } = await demo('--url', gateway.url, '--requests', '48');
  expect(code).toBe(0);
  expect(stdout).toContain(`Sending to the server at ${gateway.url}.`);
  expect(stdout).toMatch(/^task +requests +first third +last third/m);
  expect(stdout).toMatch(/^code_generation +\d+ /m);
  expect(stdout).toMatch(/From the first to the last third: quality [\d.]+ → [\d.]+/);
  const { requests } = await gateway.withStore((store) =>
    store.listRequests({
      limit: 200,
      before: undefined,
      keyId: undefined,
      task: undefined,
      reason: undefined,
      modelId: undefined,
    }),
  );
  expect(requests).toHaveLength(48);
}, 180_000);

it('fills a fresh installation, and says how to look at it', async () => {
  const { code, stdout } = await demo('--folder', 'here', '--requests', '60');
  expect(code).toBe(0);
  expect(stdout).toMatch(/here\/outrider\.db: \d+ requests by 7 teams/);
  expect(stdout).toContain('npm start -- --config here/outrider.toml');
  expect(await readdir(join(folder, 'here'))).toEqual(
    expect.arrayContaining(['outrider.db', 'outrider.toml']),
  );
  const again = await demo('--folder', 'here');
  expect(again.code).toBe(1);
  expect(again.stderr).toContain('There are settings already');
}, 240_000);

it.each([
  [['--live', '--history'], 'are of one demo'],
  [['--histroy'], "Unknown option '--histroy'"],
])(
  'says what is wrong with %j',
  async (words, message) => {
    const { code, stderr } = await demo(...words);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr).toContain('npm run demo -- ');
  },
  30_000,
);
