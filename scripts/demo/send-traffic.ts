import type OpenAI from 'openai';
import { DEMO_TASKS, type DemoTask, draw, drawRequest } from './prompt-bank.ts';

/** One answered request, in the order in which they were sent. */
export interface Sent {
  readonly number: number;
  readonly task: DemoTask;
  /** What the router took it for. */
  readonly routedTask: string;
  readonly model: string;
  /** 0–1, as the simulated model drew it: the score that was given as feedback. */
  readonly quality: number;
  readonly costUsd: number;
}

export interface Traffic {
  readonly sent: readonly Sent[];
  /** Messages of the requests that failed. */
  readonly failures: readonly string[];
}

/** Every fourth request asks for a stream, as clients do. */
const STREAM_EVERY = 4;

/**
 * Sends mixed tasks with `model: "auto"` and rates each answer with what its simulated model says it is worth.
 * A request that fails is noted and not repeated.
 */
export async function sendTraffic(options: {
  readonly client: OpenAI;
  readonly requests: number;
  readonly concurrency: number;
  readonly random: () => number;
  readonly onAnswer: (sent: Sent | undefined) => void;
}): Promise<Traffic> {
  const { client, requests, random, onAnswer } = options;
  // Drawn beforehand: which request is sent does not depend on which answer comes first.
  const plan = Array.from({ length: requests }, (_, number) => {
    const task = draw(DEMO_TASKS, random);
    return { number, task, request: drawRequest(task, random), isStream: number % STREAM_EVERY === 0 };
  });
  const sent: Sent[] = [];
  const failures: string[] = [];
  const queue = plan.values();
  const worker = async () => {
    for (const { number, task, request, isStream } of queue) {
      try {
        const answer = isStream ? await askForStream(client, request) : await askAtOnce(client, request);
        const body = { score: answer.quality, source: 'demo' };
        await client.post(`/feedback/${answer.requestId}`, { body });
        sent.push({ number, task, ...answer });
        onAnswer(sent.at(-1));
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error));
        onAnswer(undefined);
      }
    }
  };
  await Promise.all(Array.from({ length: options.concurrency }, worker));
  return { sent: sent.sort((one, other) => one.number - other.number), failures };
}

type Request = ReturnType<typeof drawRequest>;

async function askAtOnce(client: OpenAI, request: Request) {
  const { data, response } = await client.chat.completions
    .create({ ...request, model: 'auto' })
    .withResponse();
  return readAnswer(response.headers, data, data.usage);
}

async function askForStream(client: OpenAI, request: Request) {
  const asked = { ...request, model: 'auto', stream: true, stream_options: { include_usage: true } } as const;
  const { data, response } = await client.chat.completions.create(asked).withResponse();
  let drawn: unknown;
  let usage: unknown;
  for await (const chunk of data) {
    if ('simulated' in chunk) drawn = chunk;
    usage = chunk.usage ?? usage;
  }
  return readAnswer(response.headers, drawn, usage);
}

function readAnswer(
  headers: Headers,
  body: unknown,
  usage: unknown,
): Omit<Sent, 'number' | 'task'> & { requestId: string } {
  const quality = member(member(body, 'simulated'), 'quality');
  if (typeof quality !== 'number') throw new Error('The answer does not say what it is worth.');
  return {
    requestId: headers.get('x-request-id') ?? '',
    routedTask: headers.get('x-router-task') ?? '',
    model: headers.get('x-router-model') ?? '',
    quality,
    costUsd: Number(member(usage, 'cost_usd') ?? 0),
  };
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
