import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What one model once answered to one prompt, as far as a provider tells. The quality is not among it. */
export interface RecordedAnswer {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Milliseconds from the request to the whole answer. */
  readonly latencyMs: number;
}

export interface AnsweringUpstream {
  /** With `/v1`, as a provider's base URL. */
  readonly baseUrl: string;
  close(): Promise<void>;
}

/**
 * A provider on a free port of loopback that answers recorded prompts as its models did: the tokens in `usage`, the
 * time it took, and a text that says nothing. A request names its prompt in `metadata.prompt_id`, as texts repeat.
 * What is not recorded is a 404.
 *
 * @param recordedAnswer by the model's name and the prompt's id
 */
export async function startAnsweringUpstream(
  recordedAnswer: (model: string, promptId: string) => RecordedAnswer | undefined,
): Promise<AnsweringUpstream> {
  let answered = 0;
  const server = createServer(async (request, response) => {
    const send = (status: number, body: object) => {
      const text = JSON.stringify(body);
      response.writeHead(status, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
      });
      response.end(text);
    };
    const { model, promptId } = await readAsked(request);
    const recorded = recordedAnswer(model, promptId);
    if (recorded === undefined) {
      send(404, { error: { message: `no answer of ${model} to ${promptId}`, code: 'model_not_found' } });
      return;
    }
    const { inputTokens, outputTokens, latencyMs } = recorded;
    answered += 1;
    const id = `chatcmpl-recorded-${answered}`;
    setTimeout(
      () =>
        send(200, {
          id,
          object: 'chat.completion',
          created: 1_700_000_000,
          model,
          choices: [
            { index: 0, message: { role: 'assistant', content: 'As recorded.' }, finish_reason: 'stop' },
          ],
          usage: {
            prompt_tokens: inputTokens,
            completion_tokens: outputTokens,
            total_tokens: inputTokens + outputTokens,
          },
        }),
      latencyMs,
    );
  });
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function readAsked(request: IncomingMessage): Promise<{ model: string; promptId: string }> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  try {
    const { model, metadata } = JSON.parse(Buffer.concat(pieces).toString());
    return { model: String(model), promptId: String(metadata?.prompt_id) };
  } catch {
    return { model: '', promptId: '' };
  }
}
