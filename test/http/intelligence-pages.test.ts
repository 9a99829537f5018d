import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { read } from '../gateway/ask.ts';
import { send } from './send.ts';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway(
    [
      providerToml('left', 'http://127.0.0.1:9/v1', ['one', 'two', 'three']),
      providerToml('right', 'http://127.0.0.1:9/v1', ['four', 'org/five']),
    ].join('\n'),
  );
});

afterAll(() => gateway.stop());

interface Page {
  readonly has_more: boolean;
  readonly next_cursor: string | null;
}
interface Ranked {
  readonly rank: number;
  readonly model: string;
}
type Rankings = Page & {
  readonly data: readonly { readonly best: string; readonly models: readonly Ranked[] }[];
};
type Recommendations = Page & { readonly data: readonly Ranked[] };
type Health = Page & {
  readonly data: readonly {
    readonly provider: string;
    readonly endpoints: readonly { readonly model: string }[];
  }[];
};

async function* pagesOf<Body extends Page>(path: string): AsyncGenerator<Body> {
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page: Body = await get(cursor === undefined ? path : `${path}&cursor=${cursor}`);
    yield page;
    cursor = page.next_cursor;
  }
}

/** Results of an evaluation that put a model before or behind all the others. */
const believe = async (model: string, score: number) => {
  const body = { name: 'moves', results: [{ model, task: 'code', score, samples: 200 }] };
  expect((await send(`${gateway.url}/v1/intelligence/priors`, { body })).status).toBe(200);
};

const get = <Body>(path: string) => read<Body>(gateway, `/v1/intelligence/${path}`);

describe('rankings', () => {
  const models = async (query: string) =>
    (await get<Rankings>(`rankings?task=code&sort=quality${query}`)).data[0]?.models ?? [];

  test('of one model or provider, with the ranks they have among all', async () => {
    const all = await models('');
    expect(all).toHaveLength(5);
    const five = all.find(({ model }) => model === 'org/five');
    expect(await models('&model=org/five')).toEqual([five]);
    expect(await models('&provider=right')).toEqual(
      all.filter(({ model }) => ['four', 'org/five'].includes(model)),
    );
  });

  test('in pages that make up the whole', async () => {
    const all = await models('');
    const paged: Ranked[] = [];
    for await (const page of pagesOf<Rankings>('rankings?task=code&sort=quality&limit=2')) {
      paged.push(...(page.data[0]?.models ?? []));
      expect(page.has_more).toBe(page.next_cursor !== null);
    }
    expect(paged).toEqual(all);
    expect((await get<Rankings>('rankings?task=code&limit=5')).has_more).toBe(false);
  });

  test.each([
    ['rises to the first page', 1],
    ['falls behind the last', 0],
  ])('of which a model %s meanwhile show each once', async (_, score) => {
    await believe('one', 1 - score);
    for (const path of [
      'rankings?sort=quality&limit=2',
      'rankings?task=code&sort=quality&limit=2',
      'recommendations?task=code&strategy=quality&limit=2',
    ]) {
      const seen: string[] = [];
      await believe('one', 1 - score);
      for await (const page of pagesOf<Rankings & Recommendations>(path)) {
        const [row] = page.data;
        const code = path.includes('task=')
          ? row
          : page.data.find((one) => 'task' in one && one.task === 'code_generation');
        seen.push(
          ...(code !== undefined && 'models' in code ? code.models : page.data).map(({ model }) => model),
        );
        if (seen.length === 2) await believe('one', score);
      }
      // It was the last at first, or the first.
      expect(seen.indexOf('one'), path).toBe(score === 1 ? 2 : 0);
      expect([...seen].sort(), path).toEqual(['four', 'one', 'org/five', 'three', 'two']);
    }
    await send(`${gateway.url}/v1/intelligence/priors/moves`, { method: 'DELETE' });
  });

  test('a cursor of another list is refused', async () => {
    const { next_cursor: cursor } = await get<Rankings>('rankings?task=code&limit=1');
    const refused = await send(`${gateway.url}/v1/intelligence/rankings?limit=1&cursor=${cursor}`);
    expect(refused.status).toBe(400);
    expect(refused.text).toContain('Begin again without it');
  });

  test('two looks at the same beliefs see the same probabilities', async () => {
    const withoutTime = async () => ({ ...(await get<object>('rankings')), generated_at: '' });
    expect(await withoutTime()).toEqual(await withoutTime());
  });
});

test('recommendations in pages, of one model or provider', async () => {
  const ask = (query: string) => get<Recommendations>(`recommendations?task=translation${query}`);
  const all = await ask('&limit=100');
  expect(all.data.map(({ rank }) => rank)).toEqual([1, 2, 3, 4, 5]);
  const first = await ask('&limit=3');
  const second = await ask(`&limit=3&cursor=${first.next_cursor}`);
  expect([...first.data, ...second.data].map(({ model }) => model)).toEqual(
    all.data.map(({ model }) => model),
  );
  expect(second.data.map(({ rank }) => rank)).toEqual([4, 5]);
  expect(second.next_cursor).toBeNull();
  expect((await ask('&provider=right')).data.map(({ model }) => model).sort()).toEqual(['four', 'org/five']);
  expect((await ask('&model=two')).data.map(({ model }) => model)).toEqual(['two']);
});

test('health says which process it is of, and since when', async () => {
  type Whose = { scope: string; process: { id: string; started_at: string } };
  const whose = await get<Whose>('health');
  expect(whose.scope).toBe('process');
  expect(Date.parse(whose.process.started_at)).toBeLessThanOrEqual(Date.now());
  expect(Date.parse(whose.process.started_at)).toBeGreaterThan(Date.now() - 600_000);
  const other = await startGateway();
  try {
    const { json } = await send(`${other.url}/v1/intelligence/health`);
    expect((json as Whose).process.id).not.toBe(whose.process.id);
  } finally {
    await other.stop();
  }
});

test('health of one provider, model or status, in pages', async () => {
  const models = ({ data }: Health) => data.flatMap(({ endpoints }) => endpoints.map(({ model }) => model));
  const all = models(await get<Health>('health'));
  expect(all).toHaveLength(5);
  expect(models(await get<Health>('health?provider=right'))).toEqual(['four', 'org/five']);
  expect(models(await get<Health>('health?model=two'))).toEqual(['two']);
  expect(models(await get<Health>('health?status=idle'))).toEqual(all);
  expect(models(await get<Health>('health?status=down'))).toEqual([]);
  const first = await get<Health>('health?limit=4');
  const second = await get<Health>(`health?limit=4&cursor=${first.next_cursor}`);
  expect([...models(first), ...models(second)]).toEqual(all);
  expect(second.has_more).toBe(false);
});
