import type { TestGateway } from '../fixtures/gateway.ts';
import { type Answer, type SendOptions, send } from '../http/send.ts';

/** One chat request. `auto` unless a model is named; the task is said, so that the cell that learns is known. */
export async function ask(
  gateway: TestGateway,
  request: object,
  options: SendOptions & { readonly task?: string; readonly requestId?: string } = {},
): Promise<Answer & { readonly requestId: string }> {
  const { task = 'translation', requestId, ...rest } = options;
  const answer = await send(`${gateway.url}/v1/chat/completions`, {
    ...rest,
    body: { model: 'auto', messages: [{ role: 'user', content: 'Good morning' }], ...request },
    headers: {
      'x-router-task': task,
      ...(requestId === undefined ? {} : { 'x-request-id': requestId }),
      ...rest.headers,
    },
  });
  return { ...answer, requestId: String(answer.headers['x-request-id']) };
}

/** The JSON of a GET that must succeed. */
export async function read<Body>(gateway: TestGateway, path: string, key?: string): Promise<Body> {
  const answer = await send(`${gateway.url}${path}`, { key });
  if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status} ${answer.text}`);
  return answer.json as Body;
}
