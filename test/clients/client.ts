import OpenAI from 'openai';

/** The real SDK against a gateway. It retries nothing, so that a test sees each answer. */
export function clientOf(gateway: { readonly url: string }, apiKey = 'not-needed-while-open'): OpenAI {
  return new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey, maxRetries: 0 });
}

/** What the gateway adds to `usage`. */
export interface Cost {
  readonly cost: number;
  readonly cost_usd: number;
}

/** `router_metadata`, as far as tests read it. */
export interface RouterMetadata {
  readonly request_id: string;
  readonly model: string;
  readonly provider: string;
  readonly attempts: number;
  readonly cost_usd: number;
  readonly latency_ms: number;
  readonly strategy: string;
  readonly reason: string;
  readonly value_of_quality_usd: number;
  readonly value_of_second_usd: number;
  readonly task: { readonly type: string; readonly confidence: number; readonly needs: readonly string[] };
  readonly candidates: readonly {
    readonly position: number;
    readonly model: string;
    readonly provider: string;
    readonly probability: number;
    readonly expected_cost_usd: number;
  }[];
  readonly excluded: readonly { readonly model: string; readonly reason: string }[];
}

export const METADATA_WANTED = { headers: { 'x-router-metadata': 'enabled' } } as const;

/** The metadata of an answer that was asked for with `METADATA_WANTED`. */
export function metadataOf(answer: object): RouterMetadata {
  const { router_metadata: metadata } = answer as { router_metadata?: RouterMetadata };
  if (metadata === undefined) throw new Error('the answer has no router_metadata');
  return metadata;
}

export function userSays(content: string): { role: 'user'; content: string }[] {
  return [{ role: 'user', content }];
}

/** Reads a stream to its end. */
export async function collect<Item>(stream: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

/** The `data:` payloads of a whole SSE answer, in order. */
export function dataOf(text: string): string[] {
  return text
    .split('\n\n')
    .filter((event) => event !== '')
    .map((event) => event.replace(/^data: /, ''));
}
