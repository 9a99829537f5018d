/** One thing that is asked of a gateway; `path` gives another one each time where it should not be the same. */
export interface Question {
  readonly name: string;
  readonly path: (time: number) => string;
  readonly body?: object;
}

const DAY_MS = 86_400_000;

/** Every endpoint that reports, with the windows, groups and filters that read most. */
export function questionsOf(known: {
  readonly requestIds: readonly string[];
  readonly keyId: string;
  readonly nowMs: number;
  readonly days: number;
}): readonly Question[] {
  const { requestIds, keyId, nowMs, days } = known;
  const daysAgo = (count: number) => new Date(nowMs - count * DAY_MS).toISOString();
  const midnight = (count: number) => daysAgo(count).slice(0, 10);
  const get = (path: string): Question => ({ name: `GET ${path}`, path: () => path });
  const requestId = (time: number) => requestIds[time % requestIds.length] ?? 'none';
  const long = Math.min(400, days + 1);
  return [
    ...['1h', '24h', '7d', '30d'].map((window) => get(`/v1/intelligence/rankings?window=${window}`)),
    get('/v1/intelligence/recommendations?task=code_review'),
    {
      name: 'GET /v1/intelligence/recommendations (free text)',
      path: () => `/v1/intelligence/recommendations?task=${encodeURIComponent('translate a contract')}`,
    },
    get('/v1/intelligence/cost-forecast?until=day'),
    get('/v1/intelligence/cost-forecast?until=month'),
    {
      name: 'GET /v1/intelligence/cost-forecast (one key)',
      path: () => `/v1/intelligence/cost-forecast?key_id=${keyId}`,
    },
    {
      name: 'POST /v1/intelligence/cost-forecast',
      path: () => '/v1/intelligence/cost-forecast',
      body: {
        tasks: [
          { type: 'code_generation', estimated_tokens: 500_000, requests: 200 },
          { type: 'summarization', estimated_tokens: 2_000_000 },
        ],
      },
    },
    ...['24h', '30d', '90d'].map((window) => get(`/v1/intelligence/savings?window=${window}`)),
    {
      name: 'POST /v1/intelligence/replay (30 days, 4 policies)',
      path: () => '/v1/intelligence/replay',
      body: {
        window: '30d',
        policies: ['balanced', 'quality', 'price', 'latency'].map((strategy) => ({ strategy })),
      },
    },
    ...['24h', '7d', '30d'].map((window) => get(`/v1/intelligence/patterns?window=${window}`)),
    get('/v1/intelligence/changes'),
    get('/v1/feedback'),
    get('/v1/feedback?limit=200'),
    get('/v1/intelligence/health'),
    get('/v1/intelligence/sources'),
    get('/v1/intelligence/priors'),
    ...['key', 'model', 'task', 'day', 'hour', 'key,model', 'day,model', 'day,model,task', 'day,key'].map(
      (groups) => ({
        name: `GET /v1/usage?group_by=${groups} (30 days)`,
        path: () => `/v1/usage?group_by=${groups}&limit=1000`,
      }),
    ),
    {
      name: 'GET /v1/usage?group_by=hour,model (24 hours)',
      path: () => `/v1/usage?group_by=hour,model&from=${encodeURIComponent(daysAgo(1))}&limit=1000`,
    },
    ...['key', 'day', 'day,model', 'day,model,task', 'model,task', 'key,model,task', 'hour'].map(
      (groups) => ({
        name: `GET /v1/usage?group_by=${groups} (${long} days)`,
        path: () => `/v1/usage?group_by=${groups}&from=${midnight(long - 1)}&limit=1000`,
      }),
    ),
    ...['hour,key', 'hour,model,task', 'hour,key,model,task'].map((groups) => ({
      name: `GET /v1/usage?group_by=${groups} (${long} days)`,
      path: () => `/v1/usage?group_by=${groups}&from=${midnight(long - 1)}&limit=1000`,
    })),
    {
      name: `GET /v1/usage?group_by=hour,key,model (${long} days, page 20)`,
      path: () => `/v1/usage?group_by=hour,key,model&from=${midnight(long - 1)}&limit=1000&page=20`,
    },
    {
      name: 'GET /v1/usage?group_by=key,model,task (30 days to the hour)',
      path: () => `/v1/usage?group_by=key,model,task&from=${encodeURIComponent(daysAgo(30))}&limit=1000`,
    },
    get('/v1/requests'),
    get('/v1/requests?limit=200'),
    get('/v1/requests?task=translation&limit=200'),
    get('/v1/requests?model=atlas-large&limit=200'),
    get('/v1/requests?reason=fallback&limit=200'),
    get('/v1/requests?task=embedding&limit=200'),
    {
      name: 'GET /v1/requests?before=… (half way back)',
      path: () => `/v1/requests?limit=200&before=${nowMs - Math.round((days / 2) * DAY_MS)}.req_`,
    },
    { name: 'GET /v1/explain/{id}', path: (time) => `/v1/explain/${requestId(time)}` },
    {
      name: 'POST /v1/feedback/{id}',
      path: (time) => `/v1/feedback/${requestId(time)}`,
      body: { score: 1, source: 'bench' },
    },
    get('/v1/budgets'),
    get('/v1/models'),
    get('/v1/keys?limit=100'),
    {
      name: 'POST /v1/route',
      path: () => '/v1/route',
      body: { model: 'auto', messages: [{ role: 'user', content: 'Write a function that sorts a list.' }] },
    },
    get('/metrics'),
    get('/health/ready'),
  ];
}
