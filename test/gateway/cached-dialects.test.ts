import { afterAll, beforeAll, expect, test } from 'vitest';
import { dataOf } from '../fixtures/event-data.ts';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { startTalkingUpstream, type TalkingUpstream } from '../fixtures/talking-upstream.ts';
import { type Answer, send } from '../http/send.ts';

let upstream: TalkingUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  upstream = await startTalkingUpstream(({ texts }) => `About: ${texts.at(-1)}`);
  gateway = await startGateway(
    `[cache]\nenabled = true\n${providerToml('up', upstream.baseUrl, ['talker'])}`,
  );
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

const DIALECTS = {
  responses: (stream: boolean) => ({
    path: '/v1/responses',
    body: { model: 'talker', input: `Responses, ${stream}`, stream },
    last: 'response.completed',
  }),
  messages: (stream: boolean) => ({
    path: '/v1/messages',
    body: {
      model: 'talker',
      max_tokens: 9,
      messages: [{ role: 'user', content: `Messages, ${stream}` }],
      stream,
    },
    last: 'message_stop',
  }),
} as const;

/** Without what is each answer's own. */
function sameOf({ text }: Answer): string {
  return text
    .replaceAll(/req_[0-9a-f]+/g, 'ID')
    .replaceAll(/"(created_at|completed_at)":\d+/g, '"$1":0')
    .replaceAll(/"(cost|cost_usd)":[\d.e-]+/g, '"$1":0');
}

test.each(
  (['responses', 'messages'] as const).flatMap((name) =>
    [false, true].map((stream) => [name, stream] as const),
  ),
)(
  'an answer that is given again is a whole one in its own dialect: %s (stream: %s)',
  async (name, stream) => {
    const { path, body, last } = DIALECTS[name](stream);
    const first = await send(gateway.url + path, { body });
    const again = await send(gateway.url + path, { body });
    expect(again.headers['x-router-cache']).toBe('hit');
    expect(
      upstream.heard.filter(
        ({ texts }) => texts.at(-1)?.endsWith(`, ${stream}`) && texts.at(-1)?.toLowerCase().startsWith(name),
      ).length,
    ).toBe(1);
    expect(sameOf(again)).toBe(sameOf(first));
    expect(again.text).toContain(String(again.headers['x-request-id']));
    if (stream) expect(JSON.parse(dataOf(again.text).at(-1) ?? '').type).toBe(last);
  },
);
