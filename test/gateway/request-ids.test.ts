import { afterAll, beforeAll, expect, test } from 'vitest';
import { dataOf } from '../clients/client.ts';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { ask, read } from './ask.ts';

let upstream: MisbehavingUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  upstream = await startMisbehavingUpstream();
  gateway = await startGateway(providerToml('up', upstream.baseUrl, ['one', '500']));
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

const OURS = /^req_[0-9a-f]{32}$/;
const explain = (id: string) => read<Record<string, unknown>>(gateway, `/v1/explain/${id}`);

test("a fit id of the client's is taken, everywhere", async () => {
  const id = `A-z_${'9'.repeat(60)}`;
  const answer = await ask(
    gateway,
    { model: 'one' },
    { requestId: id, headers: { 'x-router-metadata': 'Enabled' } },
  );
  expect(answer.requestId).toBe(id);
  expect(answer.json).toMatchObject({ router_metadata: { request_id: id } });
  expect(await explain(id)).toMatchObject({ request_id: id, requested_model: 'one' });
});

test('the same id twice: both are served, and each can be explained by the id of its answer', async () => {
  const first = await ask(gateway, { model: 'one' }, { requestId: 'twice' });
  const second = await ask(gateway, { model: 'up/one' }, { requestId: 'twice' });
  expect([first.status, second.status]).toEqual([200, 200]);
  expect(first.requestId).toBe('twice');
  expect(second.requestId).toMatch(OURS);
  expect(await explain('twice')).toMatchObject({ requested_model: 'one' });
  expect(await explain(second.requestId)).toMatchObject({ requested_model: 'up/one' });
});

test('the same id many times at once', async () => {
  const answers = await Promise.all(
    Array.from({ length: 12 }, () => ask(gateway, { model: 'one' }, { requestId: 'crowd' })),
  );
  expect(answers.map(({ status }) => status)).toEqual(Array(12).fill(200));
  const ids = new Set(answers.map(({ requestId }) => requestId));
  expect(ids.size).toBe(12);
  expect(ids.has('crowd')).toBe(true);
  for (const id of ids) expect(await explain(id)).toMatchObject({ attempts: [{ ending: 'completed' }] });
});

test('an id that was used before is replaced in streams and in errors too', async () => {
  await ask(gateway, { model: 'one' }, { requestId: 'used' });
  const stream = await ask(gateway, { model: 'one', stream: true }, { requestId: 'used' });
  expect(stream.requestId).toMatch(OURS);
  expect(dataOf(stream.text).at(-1)).toBe('[DONE]');
  const failed = await ask(gateway, { model: '500' }, { requestId: 'used' });
  expect(failed.status).toBe(502);
  expect(failed.requestId).toMatch(OURS);
  expect(await explain(failed.requestId)).toMatchObject({ attempts: [{ ending: 'server_error' }] });
});
