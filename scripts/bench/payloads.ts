/** What goes over the wire in the benchmark, made once, so that sending it costs nothing but the sending. */

export const EVENTS_PER_STREAM = 100;
const EVENT_BYTES = 200;

/** Beginnings of prompts of different tasks: classifying one and the same text would run from a warm cache. */
const PROMPTS = [
  'Write a Python function that merges overlapping intervals and explain its complexity.\n\ndef merge(intervals):\n    ',
  'Summarize the following meeting notes in three bullet points, naming who does what until when. Notes: ',
  'Übersetze den folgenden Absatz ins Englische und behalte den höflichen Ton bei: ',
  'A train leaves at 9:40 and travels 210 km at 84 km/h. At what time does it arrive? Show each step. Remember: ',
  'Extract all names, dates and amounts from this invoice and return them as a table. Invoice: ',
  'Review this change. Is there a race between the two writers?\n\n```ts\nlet current = await read();\n```\n\nContext: ',
  'What is the difference between a clustered and a non-clustered index, and when does it matter? Background: ',
  'Write a short story about a lighthouse keeper who repairs clocks. It should begin like this: ',
];
const FILLER =
  'The quarterly report was discussed by the whole team, and several open questions about storage, price and ' +
  'latency were written down for the next meeting, where someone from operations will show the new measurements. ';

/** Whole POST requests with JSON bodies of exactly `bytes` bytes. */
export function chatRequests(options: {
  readonly bytes: number;
  readonly model: string;
  readonly isStream: boolean;
  readonly key: string;
}): Buffer[] {
  return PROMPTS.map((prompt) => {
    const bodyOf = (content: string) =>
      JSON.stringify({
        model: options.model,
        messages: [
          { role: 'system', content: 'You are a helpful assistant.' },
          { role: 'user', content },
        ],
        temperature: 0.7,
        ...(options.isStream ? { stream: true } : {}),
      });
    const body = Buffer.from(bodyOf(prompt + padding(options.bytes - Buffer.byteLength(bodyOf(prompt)))));
    const head = [
      'POST /v1/chat/completions HTTP/1.1',
      'host: 127.0.0.1',
      `authorization: Bearer ${options.key}`,
      'content-type: application/json',
      'accept: application/json',
      'user-agent: OpenAI/JS 6.49.0',
      `content-length: ${body.length}`,
    ];
    return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]);
  });
}

/** A whole response whose body, a chat completion, has `bytes` bytes. */
export function unaryResponse(bytes: number): Buffer {
  const bodyOf = (content: string) =>
    JSON.stringify({
      id: 'chatcmpl-bench',
      object: 'chat.completion',
      created: 1_700_000_000,
      model: 'bench-model-2026-01-01',
      choices: [{ index: 0, message: { role: 'assistant', content }, logprobs: null, finish_reason: 'stop' }],
      usage: { prompt_tokens: 230, completion_tokens: 160, total_tokens: 390 },
      system_fingerprint: 'fp_bench',
    });
  const body = bodyOf(padding(bytes - Buffer.byteLength(bodyOf(''))));
  return Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/** A streamed response as its writes: the head, 100 events of 200 bytes, and what closes it. */
export function streamResponse(): { head: Buffer; event: Buffer; tail: Buffer } {
  const eventOf = (choices: object[], more: object = {}) =>
    `data: ${JSON.stringify({
      id: 'chatcmpl-bench',
      object: 'chat.completion.chunk',
      created: 1_700_000_000,
      model: 'bench-model-2026-01-01',
      choices,
      ...more,
    })}\n\n`;
  const token = (content: string) => eventOf([{ index: 0, delta: { content }, finish_reason: null }]);
  const finish = eventOf([{ index: 0, delta: {}, finish_reason: 'stop' }]);
  const usage = eventOf([], { usage: { prompt_tokens: 230, completion_tokens: 100, total_tokens: 330 } });
  return {
    head: Buffer.from(
      'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n',
    ),
    event: chunk(token(padding(EVENT_BYTES - token('').length))),
    tail: Buffer.concat([chunk(finish), chunk(usage), chunk('data: [DONE]\n\n'), Buffer.from('0\r\n\r\n')]),
  };
}

function chunk(text: string): Buffer {
  return Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
}

function padding(length: number): string {
  return FILLER.repeat(Math.max(0, Math.ceil(length / FILLER.length))).slice(0, Math.max(0, length));
}
