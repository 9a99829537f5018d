import { inflateSync } from 'node:zlib';
import type OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type Answer, send } from '../http/send.ts';
import {
  faultsBySchema,
  faultsOfCompletionChunk,
  hasOpenAiSchema,
} from '../providers/simulated/openai-schema.ts';
import { type Cost, clientOf, collect, dataOf } from './client.ts';

let gateway: TestGateway;
let client: OpenAI;

beforeAll(async () => {
  gateway = await startGateway();
  client = clientOf(gateway);
});
afterAll(() => gateway.stop());

const post = (path: string, body: object, headers: Record<string, string> = {}): Promise<Answer> =>
  send(`${gateway.url}${path}`, { body, headers });

interface Explained {
  readonly operation: string;
  readonly task: { readonly type: string };
  readonly attempts: readonly { readonly ending: string; readonly usage: { readonly units?: number } }[];
  readonly cost: { readonly actual_usd: number };
  readonly learnt: readonly { readonly automatic: object | null }[];
}

async function explained(answer: Answer): Promise<Explained> {
  const { json } = await send(`${gateway.url}/v1/explain/${answer.headers['x-request-id']}`);
  return json as Explained;
}

describe('embeddings', () => {
  test('of one model by name, as numbers and as base64', async () => {
    const { data, model, usage } = await client.embeddings.create({
      model: 'sim-embed-small',
      input: ['a cat on a mat', 'a cat on the mat'],
    });
    expect(model).toBe('sim-embed-small');
    expect(data.map(({ embedding }) => embedding.length)).toEqual([256, 256]);
    expect((usage as object as Cost).cost).toBeGreaterThanOrEqual(0);
    const plain = await client.embeddings.create({
      model: 'sim-embed-small',
      input: 'a cat on a mat',
      encoding_format: 'float',
    });
    const [first] = data;
    for (const [place, number] of (plain.data[0]?.embedding ?? []).entries()) {
      expect(number).toBeCloseTo(first?.embedding[place] ?? Number.NaN, 6);
    }
  });

  test('auto stays with one model, and the answer says which', async () => {
    const models = new Set<string>();
    for (let round = 0; round < 6; round += 1) {
      const answer = await post('/v1/embeddings', { model: 'auto', input: `text ${round}` });
      const { model, data } = answer.json as OpenAI.CreateEmbeddingResponse;
      expect(answer.headers['x-router-model']).toBe(model);
      expect(answer.headers['x-router-task']).toBe('embedding');
      if (round > 0) expect(answer.headers['x-router-reason']).toBe('sticky');
      models.add(`${model} ${data[0]?.embedding.length}`);
    }
    expect(models.size).toBe(1);
  });

  test('fewer dimensions', async () => {
    const { data } = await client.embeddings.create({
      model: 'sim-embed-large',
      input: 'hello',
      dimensions: 64,
    });
    expect(data[0]?.embedding.length).toBe(64);
  });

  test('what is charged and learnt stands apart from chat', async () => {
    const answer = await post('/v1/embeddings', {
      model: 'sim-embed-large',
      input: Array.from({ length: 200 }, (_, index) => `sentence number ${index} of a long list`),
    });
    const { usage } = answer.json as { usage: Cost & { prompt_tokens: number } };
    expect(usage.cost_usd).toBeCloseTo((usage.prompt_tokens * 0.12) / 1e6, 6);
    expect(await explained(answer)).toMatchObject({
      operation: 'embeddings',
      task: { type: 'embedding' },
      attempts: [{ ending: 'completed' }],
      // The row is charged whole millionths, with what earlier answers left.
      cost: { actual_usd: expect.closeTo(usage.cost_usd, 5.6) },
    });
  });
});

describe('completions', () => {
  test('go on with a text', async () => {
    const answer = await client.completions.create({
      model: 'auto',
      prompt: 'Once upon a time',
      max_tokens: 200,
    });
    expect(answer.object).toBe('text_completion');
    expect(answer.choices[0]?.text.length).toBeGreaterThan(10);
    expect((answer.usage as object as Cost).cost_usd).toBeGreaterThan(0);
  });

  test('as a stream with its usage', async () => {
    const chunks = await collect(
      await client.completions.create({
        model: 'sim-quill-large',
        prompt: ['Once', 'Twice'],
        max_tokens: 30,
        stream: true,
        stream_options: { include_usage: true },
      }),
    );
    const text = chunks.map((chunk) => chunk.choices[0]?.text ?? '').join('');
    expect(text.length).toBeGreaterThan(20);
    expect(new Set(chunks.flatMap(({ choices }) => choices.map(({ index }) => index)))).toEqual(
      new Set([0, 1]),
    );
    const { usage } = chunks.at(-1) as { usage?: Cost & { completion_tokens: number } };
    expect(usage?.completion_tokens).toBeGreaterThan(2);
    expect(usage?.cost_usd).toBeGreaterThan(0);
  });
});

describe('images', () => {
  test('are real pictures, charged by the piece', async () => {
    const answer = await post('/v1/images/generations', {
      model: 'sim-painter-large',
      prompt: 'a lighthouse',
      n: 2,
      size: '128x128',
    });
    const { data } = answer.json as OpenAI.ImagesResponse;
    const pixels = (data ?? []).map(({ b64_json = '' }) => pixelsOf(Buffer.from(b64_json, 'base64')));
    expect(pixels).toEqual([128 * 33, 128 * 33]);
    expect(answer.headers['x-router-cost-usd']).toBe('0.08');
    expect(await explained(answer)).toMatchObject({
      operation: 'images',
      attempts: [{ usage: { units: 2 } }],
    });
  });

  test('auto draws, and as a stream too', async () => {
    const { data } = await client.images.generate({ model: 'auto', prompt: 'a tree', size: '256x256' });
    expect(data).toHaveLength(1);
    const events = await collect(
      await client.images.generate({ model: 'sim-painter-small', prompt: 'a tree', stream: true }),
    );
    expect(events.map(({ type }) => type)).toEqual(['image_generation.completed']);
  });
});

/** Bytes of the pixels of a PNG, one more for each row; throws where they do not unpack. */
function pixelsOf(png: Buffer): number {
  expect(png.subarray(1, 4).toString()).toBe('PNG');
  const at = png.indexOf('IDAT');
  return inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4))).length;
}

describe('ceilings on what is sold by the piece', () => {
  const draw = (max_price: object) =>
    post('/v1/images/generations', {
      model: 'auto',
      prompt: 'a',
      size: '64x64',
      provider: { max_price },
    });

  test('leave out what is dearer', async () => {
    const answer = await draw({ image: 0.01 });
    expect(answer.status).toBe(200);
    expect(answer.headers['x-router-model']).toBe('sim-painter-small');
  });

  test.each([
    ['too low for all', { image: '0.001' }],
    ['for tokens only', { prompt: 1_000, completion: 1_000 }],
  ])('%s: 400 with what would do', async (_what, ceilings) => {
    const { status, json } = await draw(ceilings);
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: { code: 'unsatisfiable_wish', param: 'provider.max_price' } });
    const { message } = (json as { error: { message: string } }).error;
    const least = JSON.parse(/max_price': (\{.*\})/.exec(message)?.[1] ?? '') as object;
    expect(least).toEqual({ ...ceilings, image: 0.005 });
    expect((await draw(least)).status).toBe(200);
  });
});

describe('moderations', () => {
  test('flag what does harm', async () => {
    const { results, model } = await client.moderations.create({
      input: ['I will kill him', 'I bake a cake'],
    });
    expect(results.map(({ flagged }) => flagged)).toEqual([true, false]);
    expect(model).toMatch(/^sim-warden/);
  });
});

describe('rerank', () => {
  const request = {
    model: 'sim-ranker-large',
    query: 'baking bread',
    documents: ['Cars need fuel.', 'Bread is baked of flour.', { text: 'Good bread takes a day.' }],
  };

  test('puts documents in order, with the documents where they are asked for', async () => {
    const answer = await post('/v1/rerank', { ...request, top_n: 2, return_documents: true });
    const { results } = answer.json as {
      results: { index: number; relevance_score: number; document: { text: string } }[];
    };
    expect(results.map(({ index }) => index)).toEqual([1, 2]);
    expect(results[0]?.document.text).toBe('Bread is baked of flour.');
    expect(answer.headers['x-router-cost-usd']).toBe('0.002');
    expect(await explained(answer)).toMatchObject({
      operation: 'rerank',
      attempts: [{ usage: { units: 1 } }],
    });
  });

  test('auto chooses among the models for it alone', async () => {
    const models = new Set<unknown>();
    for (let round = 0; round < 12; round += 1) {
      models.add((await post('/v1/rerank', { ...request, model: 'auto' })).headers['x-router-model']);
    }
    for (const model of models) expect(model).toMatch(/^sim-ranker/);
  });
});

test('rankings show them by the work they do', async () => {
  const { json } = await send(`${gateway.url}/v1/intelligence/rankings?task=image_generation`);
  const { data } = json as {
    data: { task: string; models: { model: string; cost_usd_per_1k_requests: number }[] }[];
  };
  expect(data.map(({ task }) => task)).toEqual(['image_generation']);
  const costs = new Map(data[0]?.models.map((row) => [row.model, row.cost_usd_per_1k_requests]));
  expect([...costs.keys()].sort()).toEqual(['sim-painter-large', 'sim-painter-small']);
  expect(costs.get('sim-painter-large')).toBeGreaterThan(costs.get('sim-painter-small') ?? 0);
});

test('feedback moves what is believed of these models, too', async () => {
  const answer = await post('/v1/rerank', { model: 'auto', query: 'a', documents: ['a', 'b'] });
  const given = await post(`/v1/feedback/${answer.headers['x-request-id']}`, { score: 0 });
  const { moved } = given.json as {
    moved: { task: string; before: { quality: number }; after: { quality: number } };
  };
  expect(moved.task).toBe('rerank');
  expect(moved.after.quality).toBeLessThan(moved.before.quality);
});

describe('a model of another type', () => {
  test.each([
    ['/v1/embeddings', { model: 'sim-mini', input: 'a' }, 'POST /v1/chat/completions'],
    ['/v1/completions', { model: 'sim-mini', prompt: 'a' }, 'POST /v1/chat/completions'],
    ['/v1/rerank', { model: 'sim-embed-small', query: 'a', documents: ['a'] }, 'POST /v1/embeddings'],
    [
      '/v1/chat/completions',
      { model: 'sim-ranker-small', messages: [{ role: 'user', content: 'a' }] },
      'POST /v1/rerank',
    ],
  ])('%s says where it is asked', async (path, body, route) => {
    const answer = await post(path, body);
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ error: { code: 'wrong_model_type', param: 'model' } });
    expect(answer.text).toContain(route);
  });
});

describe('what is wrong is said', () => {
  test.each([
    ['/v1/embeddings', { model: 'auto', input: [] }, 'input'],
    ['/v1/embeddings', { model: 'auto', input: '' }, 'input'],
    ['/v1/embeddings', { model: 'auto', input: ['a', ''] }, 'input[1]'],
    ['/v1/embeddings', { model: 'auto' }, 'input'],
    ['/v1/embeddings', { model: 'auto', input: 'a', encoding_format: 'hex' }, 'encoding_format'],
    ['/v1/embeddings', { model: 'auto', input: 'a', dimensions: 0 }, 'dimensions'],
    ['/v1/rerank', { model: 'auto', query: 'a' }, 'documents'],
    ['/v1/rerank', { model: 'auto', query: 'a', documents: [] }, 'documents'],
    ['/v1/rerank', { model: 'auto', documents: ['a'] }, 'query'],
    ['/v1/completions', { model: 'auto' }, 'prompt'],
    ['/v1/completions', { model: 'auto', prompt: 'a', stream_options: {} }, 'stream_options'],
    ['/v1/moderations', { input: [] }, 'input'],
    ['/v1/images/generations', { prompt: '' }, 'prompt'],
    ['/v1/images/generations', { prompt: 'a', n: 11 }, 'n'],
    ['/v1/images/generations', { prompt: 'a', size: '7x9' }, 'size'],
    ['/v1/rerank', { model: 'auto', query: 'a', documents: ['a'], route: { nonsense: 1 } }, 'route.nonsense'],
  ])('%s %j', async (path, body, param) => {
    const answer = await post(path, body);
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ error: { type: 'invalid_request_error', param } });
  });

  test('more dimensions than the model has are refused by it', async () => {
    const answer = await post('/v1/embeddings', { model: 'sim-embed-small', input: 'a', dimensions: 5000 });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ error: { param: 'dimensions' } });
  });
});

describe.skipIf(!hasOpenAiSchema)("by OpenAI's published document", () => {
  test.each([
    ['/v1/embeddings', 'CreateEmbeddingResponse', { model: 'auto', input: ['a', 'b'] }],
    ['/v1/completions', 'CreateCompletionResponse', { model: 'auto', prompt: 'a', n: 2 }],
    ['/v1/images/generations', 'ImagesResponse', { prompt: 'a', size: '64x64' }],
    ['/v1/moderations', 'CreateModerationResponse', { input: 'a' }],
  ])('%s answers as %s', async (path, schema, body) => {
    const answer = await post(path, body, { 'x-router-metadata': 'enabled' });
    expect(answer.status, answer.text).toBe(200);
    expect(faultsBySchema(schema, answer.json)).toEqual([]);
    expect(answer.json).toMatchObject({ router_metadata: { attempts: 1 } });
  });

  test('streams of texts and pictures', async () => {
    const text = await post('/v1/completions', {
      model: 'auto',
      prompt: 'a',
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = dataOf(text.text);
    expect(chunks.pop()).toBe('[DONE]');
    const read = chunks.map((payload) => JSON.parse(payload));
    for (const chunk of read) expect(faultsOfCompletionChunk(chunk)).toEqual([]);
    // What ends a choice and what this gateway writes itself are as the document says, to the letter.
    const written = read.filter(({ choices }) => choices[0]?.finish_reason !== null);
    expect(written.map(({ choices }) => choices.length)).toEqual([1, 0]);
    for (const chunk of written) expect(faultsBySchema('CreateCompletionResponse', chunk)).toEqual([]);
    // The document may be mended one day; whatever else is wrong with a chunk is found.
    const [open] = read;
    expect(faultsBySchema('CreateCompletionResponse', open)).not.toEqual([]);
    const spoilt = { ...open, choices: [{ ...open.choices[0], finish_reason: 'tired' }] };
    expect(faultsOfCompletionChunk(spoilt)).not.toEqual([]);
    expect(faultsOfCompletionChunk({ ...open, object: 'chunk' })).not.toEqual([]);
    const picture = await post('/v1/images/generations', { prompt: 'a', stream: true });
    const [event = ''] = picture.text.split('\n\n');
    const data = JSON.parse(event.split('\ndata: ')[1] ?? '');
    expect(faultsBySchema('ImageGenCompletedEvent', data)).toEqual([]);
  });
});
