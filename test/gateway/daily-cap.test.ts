import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Serving, serve } from '../../src/serve.ts';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { send } from '../http/send.ts';
import { ask } from './ask.ts';

const CAP = 5;
let upstream: MisbehavingUpstream;
let gateway: TestGateway;
let running: Pick<Serving, 'url' | 'close'>;

beforeAll(async () => {
  upstream = await startMisbehavingUpstream();
  gateway = await startGateway(
    `[evidence]\nmax_weight_per_key_per_day = ${CAP}\n${providerToml('up', upstream.baseUrl, ['one'])}`,
  );
  running = gateway;
});
afterAll(async () => {
  await running.close();
  await gateway.stop();
  await upstream.close();
});

interface Given {
  readonly counted?: boolean;
  readonly capped?: boolean;
  readonly note?: string;
  readonly moved: {
    readonly before: object;
    readonly after: { readonly samples: number; readonly quality: number };
  };
}

async function give(id: string, body: object, key: string): Promise<Given> {
  const answer = await send(`${running.url}/v1/feedback/${id}`, { body, key });
  expect(answer.status, answer.text).toBe(200);
  return answer.json as Given;
}
const retract = (id: string, key: string) =>
  send(`${running.url}/v1/feedback/${id}`, { method: 'DELETE', key }).then(({ json }) => json as Given);
const askMany = async (count: number, key: string) =>
  (await Promise.all(Array.from({ length: count }, () => ask(gateway, {}, { key })))).map(
    ({ requestId }) => requestId,
  );

test('of 200 verdicts at once of one key five count; the rest is stored, moves nothing and says so; all of it outlives a restart', async () => {
  const { key } = await gateway.createKey();
  const { key: otherKey } = await gateway.createKey();
  const ids = await askMany(200, key);
  const [others = ''] = await askMany(1, otherKey);

  const given = await Promise.all(ids.map((id) => give(id, { score: 0 }, key)));
  const counted = ids.filter((_, index) => given[index]?.counted);
  expect(counted).toHaveLength(CAP);
  for (const one of given.filter(({ counted: isCounted }) => !isCounted)) {
    expect(one).toMatchObject({
      counted: false,
      capped: true,
      note: expect.stringContaining('max_weight_per_key_per_day'),
    });
  }
  const [capped = ''] = ids.filter((id) => !counted.includes(id));
  const explained = await send(`${running.url}/v1/explain/${capped}`, { key });
  expect(explained.json).toMatchObject({ feedback: [{ source: 'human', score: 0, weight: 0 }] });

  // Another key has an account of its own.
  const other = await give(others, { score: 1 }, otherKey);
  expect(other).toMatchObject({ counted: true });
  const settled = other.moved.after;

  await gateway.close();
  running = await serve({
    configPath: gateway.configPath,
    env: { OUTRIDER_DETECT: 'none', OUTRIDER_LOG_LEVEL: 'silent' },
    print: () => {},
  });
  const [first = '', second = ''] = counted;
  // Still over the cap, and the same again changes nothing.
  const again = await give(capped, { score: 0 }, key);
  expect(again).toMatchObject({ counted: false, capped: true });
  expect(again.moved.after).toEqual(again.moved.before);
  expect(again.moved.after.samples).toBeCloseTo(settled.samples, 9);
  expect(again.moved.after.quality).toBeCloseTo(settled.quality, 9);

  // A correction counts, and takes no further room.
  const corrected = await give(first, { score: 1 }, key);
  expect(corrected).toMatchObject({ counted: true });
  expect(corrected.moved.after.quality).toBeGreaterThan(settled.quality);
  expect(await give(capped, { score: 0.5 }, key)).toMatchObject({ capped: true });

  // What is taken back makes room for exactly as much.
  await retract(first, key);
  expect(await give(capped, { score: 0.25 }, key)).toMatchObject({ counted: true });
  expect(await give(first, { score: 0 }, key)).toMatchObject({ counted: false, capped: true });
  await retract(capped, key);
  expect(await give(first, { score: 0.5 }, key)).toMatchObject({ counted: true });
  const back = await give(first, { score: 0 }, key);
  expect(back.moved.after.quality).toBeCloseTo(settled.quality, 9);
  expect(back.moved.after.samples).toBeCloseTo(settled.samples, 9);
  expect(await retract(second, key)).toMatchObject({ deleted: true });
}, 120_000);
