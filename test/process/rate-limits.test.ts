import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { providerToml } from '../fixtures/gateway.ts';
import { startGatewayProcess } from '../fixtures/gateway-process.ts';
import { startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { send } from '../http/send.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (let close = closers.pop(); close; close = closers.pop()) await close();
});

test('of 500 at once exactly 60 pass, before a kill -9 and after it: nothing stays reserved', {
  timeout: 90_000,
}, async () => {
  const upstream = await startMisbehavingUpstream();
  closers.push(upstream.close);
  const folder = await mkdtemp(join(tmpdir(), 'outrider-limits-'));
  closers.push(() => rm(folder, { recursive: true, force: true }));
  const configPath = join(folder, 'outrider.toml');
  await writeFile(
    configPath,
    [
      '[api]\naddress = "127.0.0.1:0"\nunready_seconds = 0',
      'max_requests_per_minute = 60\nmax_tokens_per_minute = 100_000',
      `[store]\nurl = "sqlite:${join(folder, 'outrider.db')}"`,
      providerToml('up', upstream.baseUrl, ['slow-headers', 'ok']),
    ].join('\n'),
  );
  const start = async () => {
    const gateway = await startGatewayProcess(configPath, { OUTRIDER_LOG_LEVEL: 'silent' });
    closers.push(() => gateway.kill('SIGKILL'));
    return gateway;
  };
  const all = (url: string, model: string) =>
    Array.from({ length: 500 }, () =>
      send(`${url}/v1/chat/completions`, {
        body: { model, messages: [{ role: 'user', content: 'hi' }], max_tokens: 1_000 },
      }).then(
        ({ status }) => status,
        () => 'cut',
      ),
    );

  const first = await start();
  const before = all(first.url, 'slow-headers');
  const refused: (number | string)[] = [];
  for (const answer of before) void answer.then((status) => refused.push(status));
  await expect.poll(() => refused.length, { timeout: 20_000 }).toBe(440);
  // Everybody who passed waits for an answer, with its tokens set aside.
  await expect.poll(() => upstream.countFor('slow-headers'), { timeout: 20_000 }).toBe(60);
  expect(new Set(refused)).toEqual(new Set([429]));
  first.kill('SIGKILL');
  await first.exited;
  expect((await Promise.all(before)).filter((status) => status === 'cut').length).toBe(60);

  const second = await start();
  const after = await Promise.all(all(second.url, 'ok'));
  expect(after.filter((status) => status === 200).length).toBe(60);
  expect(after.filter((status) => status === 429).length).toBe(440);
  expect(upstream.countFor('ok')).toBe(60);
});
