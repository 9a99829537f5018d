import OpenAI from 'openai';
import type { Trace } from '../learning/replay.ts';
import type { LoadedTable } from '../learning/run-job.ts';

/** One stream that a live gateway answered. */
export interface Played {
  readonly trace: Trace;
  /** What the gateway itself charged, USD in all. */
  readonly meteredUsd: number;
  /** Requests that went to each task, as the gateway named it. */
  readonly taskToRequests: Readonly<Record<string, number>>;
}

/**
 * Sends a stream of prompts with `model: "auto"` and posts the true quality of each answer as feedback, like a client
 * that knows. Undefined when `isOver` said so before the end.
 *
 * @param options.taskOf the task to name in `x-router-task`, by prompt; undefined: the gateway shall see for itself
 * @param options.inFlight requests under way at the same time
 * @throws Error with the first request that failed: a stream with a hole in it compares with nothing.
 */
export async function playStream(options: {
  readonly url: string;
  readonly loaded: LoadedTable;
  readonly stream: Int32Array;
  readonly taskOf: ((prompt: number) => string) | undefined;
  readonly inFlight: number;
  readonly isOver: () => boolean;
  readonly onAnswer: () => void;
}): Promise<Played | undefined> {
  const { loaded, stream, taskOf } = options;
  const { table, texts = [] } = loaded;
  const client = new OpenAI({
    baseURL: `${options.url}/v1`,
    apiKey: 'not-needed-on-loopback',
    maxRetries: 0,
  });
  const length = stream.length;
  const models = new Int32Array(length);
  const quality = new Float64Array(length);
  const costUsd = new Float64Array(length);
  const taskToRequests: Record<string, number> = {};
  let meteredUsd = 0;
  let next = 0;
  let isStopped = false;

  const worker = async () => {
    while (next < length && !isStopped) {
      if (options.isOver()) {
        isStopped = true;
        return;
      }
      const time = next;
      next += 1;
      const prompt = stream[time] ?? 0;
      const task = taskOf?.(prompt);
      const { response } = await client.chat.completions
        .create(
          {
            model: 'auto',
            messages: [{ role: 'user', content: texts[prompt] ?? '' }],
            metadata: { prompt_id: table.promptIds[prompt] ?? '' },
          },
          task === undefined ? undefined : { headers: { 'x-router-task': task } },
        )
        .withResponse();
      const named = response.headers.get('x-router-model') ?? '';
      const model = table.models.indexOf(named);
      if (model < 0) throw new Error(`the gateway answered as '${named}', which is no model of the table`);
      const cell = prompt * table.models.length + model;
      models[time] = model;
      quality[time] = table.quality[cell] ?? 0;
      costUsd[time] = table.costUsd[cell] ?? 0;
      meteredUsd += Number(response.headers.get('x-router-cost-usd'));
      const seen = response.headers.get('x-router-task') ?? '';
      taskToRequests[seen] = (taskToRequests[seen] ?? 0) + 1;
      await client.post(`/feedback/${response.headers.get('x-request-id')}`, {
        body: { score: quality[time], source: 'human' },
      });
      options.onAnswer();
    }
  };
  const workers = Array.from({ length: options.inFlight }, worker);
  try {
    await Promise.all(workers);
  } catch (error) {
    isStopped = true;
    await Promise.allSettled(workers);
    throw error;
  }
  if (isStopped) return undefined;
  const trace: Trace = {
    prompts: stream,
    models,
    quality,
    costUsd,
    propensities: new Float64Array(length).fill(Number.NaN),
    propensityError: 0,
    expectedChoices: new Float64Array(table.models.length),
    choiceVariance: new Float64Array(table.models.length),
    alarmTimes: [],
    judgedShare: 0,
  };
  return { trace, meteredUsd, taskToRequests };
}
