import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';

type Event = Readonly<Record<string, unknown>> & { readonly type: string };

/** A plain WebSocket client of `GET /v1/realtime`. */
export interface RealtimeClient {
  readonly socket: WebSocket;
  /** Of the answer that opened the session, or refused it. */
  readonly response: IncomingMessage;
  /** The refusal's body; `''` for a session. */
  readonly refusal: string;
  readonly events: Event[];
  readonly frames: { readonly data: Buffer; readonly isBinary: boolean }[];
  send(event: object): void;
  /** The first event of this type that has come or comes. */
  eventOf(type: string, after?: number): Promise<Event>;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

export async function openRealtime(
  gatewayUrl: string,
  options: {
    readonly query?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly protocols?: readonly string[];
  } = {},
): Promise<RealtimeClient> {
  const url = `${gatewayUrl.replace(/^http/, 'ws')}/v1/realtime${options.query ?? '?model=auto'}`;
  const socket = new WebSocket(url, [...(options.protocols ?? [])], { headers: { ...options.headers } });
  const events: Event[] = [];
  const frames: { data: Buffer; isBinary: boolean }[] = [];
  const waiting = new Set<() => void>();
  socket.on('message', (data: Buffer, isBinary) => {
    frames.push({ data, isBinary });
    if (!isBinary) {
      try {
        events.push(JSON.parse(data.toString()));
      } catch {
        // Not every frame is an event.
      }
    }
    for (const look of waiting) look();
  });
  socket.on('error', () => {});
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  const { response, refusal } = await new Promise<{ response: IncomingMessage; refusal: string }>(
    (resolve, reject) => {
      socket.on('upgrade', (answer) => resolve({ response: answer, refusal: '' }));
      socket.on('unexpected-response', (_request, answer) => {
        let text = '';
        answer.on('data', (piece) => {
          text += piece;
        });
        answer.on('end', () => resolve({ response: answer, refusal: text }));
      });
      socket.on('error', reject);
    },
  );
  if (refusal === '' && socket.readyState === WebSocket.CONNECTING) {
    await new Promise((resolve) => socket.once('open', resolve));
  }
  return {
    socket,
    response,
    refusal,
    events,
    frames,
    closed,
    send: (event) => socket.send(JSON.stringify(event)),
    eventOf: (type, after = 0) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`no ${type} among ${events.map((one) => one.type).join()}`)),
          5_000,
        );
        const look = () => {
          const found = events.slice(after).find((event) => event.type === type);
          if (found === undefined) return;
          clearTimeout(timer);
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
  };
}

export const userSaysAloud = (text: string) => ({
  type: 'conversation.item.create',
  item: { type: 'message', role: 'user', content: [{ type: 'input_text', text }] },
});

/** What a provider says of a response that is over. */
export const responseDone = (usage: object) =>
  JSON.stringify({
    event_id: 'e9',
    type: 'response.done',
    response: { id: 'r1', status: 'completed', usage },
  });
