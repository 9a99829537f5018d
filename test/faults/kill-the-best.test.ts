import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { ask, type Seen } from './ask.ts';
import { expectWhole } from './expect-answer.ts';
import { attemptsOf, breakerOf, healthOf, modelTable, providerTable } from './scene.ts';

const WORKERS = 12;
const NAMES = ['one', 'two', 'three'] as const;
const GOODNESS = { one: 0.95, two: 0.4, three: 0.3 } as const;

const upstreams = new Map<string, MisbehavingUpstream>();
let gateway: TestGateway;

beforeAll(async () => {
  for (const name of NAMES) upstreams.set(name, await startMisbehavingUpstream());
  gateway = await startGateway(
    [
      '[routing.breaker]\nopen_ms = 500\n',
      ...NAMES.map((name) => providerTable(name, upstreams.get(name)?.baseUrl ?? '')),
      // Answers take 300 ms: when the server dies, all its clients are in the middle of theirs.
      ...NAMES.map((name) => modelTable(name, name, 'ok-slow')),
    ].join('\n'),
    { env: { UPSTREAM_KEY: 'sk-upstream-0123456789' } },
  );
});
afterAll(async () => {
  await gateway.stop();
  for (const upstream of upstreams.values()) await upstream.close();
});

/** `count` requests by twelve clients at once, half of them streams; every answer must be whole. */
async function load(count: number, during?: (done: number) => Promise<void>): Promise<Seen[]> {
  const all: Seen[] = [];
  let begun = 0;
  const work = async () => {
    while (begun < count) {
      const number = begun++;
      await during?.(number);
      // Held back, so that a death in the middle of a stream is hidden as well.
      const wishes = number % 2 === 0 ? {} : { stream: true, route: { hold_back: true } };
      const seen = await ask(gateway, { model: 'auto', ...wishes }, { 'x-router-task': 'translation' });
      expectWhole(seen);
      all.push(seen);
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  return all;
}

async function label(answers: readonly Seen[]): Promise<void> {
  for (const { headers } of answers) {
    const answer = await fetch(`${gateway.url}/v1/feedback/${headers['x-request-id']}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ score: GOODNESS[headers['x-router-model'] as keyof typeof GOODNESS] }),
    });
    expect(answer.status).toBe(200);
    await answer.arrayBuffer();
  }
}

function shareOf(model: string, answers: readonly Seen[]): number {
  return answers.filter(({ headers }) => headers['x-router-model'] === model).length / answers.length;
}

test('the best model dies under load: no client sees it, the others take over, and it comes back', async () => {
  let answers: Seen[] = [];
  for (let round = 0; round < 20 && !(shareOf('one', answers) >= 0.85); round++) {
    answers = await load(36);
    await label(answers);
  }
  expect(shareOf('one', answers)).toBeGreaterThanOrEqual(0.85);

  const best = upstreams.get('one');
  const during = await load(120, async (number) => {
    if (number === 40) await best?.stop();
  });
  const hidden = during.filter(({ headers }) => headers['x-router-reason'] === 'fallback');
  expect(hidden.length).toBeGreaterThanOrEqual(5);
  expect(await breakerOf(gateway, 'one/ok-slow')).not.toMatch(/success|untouched/);
  const [first, second] = await attemptsOf(gateway, hidden[0] as Seen);
  expect(first).toMatchObject({ model: 'one', error_code: expect.stringMatching(/^upstream_/) });
  expect(second).toMatchObject({ ending: 'completed' });

  // Open, it gets nothing but its probes, and each of those is answered by another.
  const without = await load(60);
  expect(shareOf('one', without)).toBe(0);
  const attempts = without.filter(({ headers }) => headers['x-router-attempts'] !== '1');
  expect(attempts.length).toBeLessThanOrEqual(4);

  await best?.start();
  // The wait has doubled with each failed probe: only traffic brings it back.
  await expect
    .poll(
      async () => {
        await load(WORKERS);
        return (await healthOf(gateway, 'one/ok-slow')).breaker.state;
      },
      { timeout: 20_000 },
    )
    .toBe('closed');
  expect(shareOf('one', await load(48))).toBeGreaterThan(0.6);
}, 60_000);
