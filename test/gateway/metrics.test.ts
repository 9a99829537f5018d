import { afterAll, beforeAll, expect, test } from 'vitest';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { send } from '../http/send.ts';
import { ask } from './ask.ts';

let upstream: MisbehavingUpstream;
let gateway: TestGateway;
let text: string;
let samples: readonly Sample[];

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What a client can say in as many places as it can say something. */
const SAID = 'said-by-a-client';

beforeAll(async () => {
  upstream = await startMisbehavingUpstream();
  gateway = await startGateway(providerToml('up', upstream.baseUrl, ['one', '500']));
  await ask(gateway, { route: { models: ['one'] } });
  await ask(gateway, { route: { models: ['one'] }, stream: true });
  await ask(gateway, { route: { strategy: 'priority', models: ['500', 'one'] } });
  await ask(gateway, { model: '500' });
  await ask(gateway, { model: SAID });
  await ask(gateway, { model: `auto:${SAID}` });
  const { requestId } = await ask(
    gateway,
    {
      route: { models: ['one'] },
      user: SAID,
      metadata: { tag: SAID },
      messages: [{ role: SAID, content: SAID }],
    },
    { task: SAID, requestId: SAID, headers: { 'user-agent': SAID, 'x-router-metadata': SAID } },
  );
  await send(`${gateway.url}/v1/feedback/${requestId}`, {
    body: { score: 1, source: SAID, comment: SAID },
  });
  await send(`${gateway.url}/${SAID}`);
  const answer = await send(`${gateway.url}/metrics`);
  expect(answer.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
  text = answer.text;
  samples = readExposition(text);
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"/g;
const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (\S+)$/;

/** Prometheus's text format, strictly: every sample under the HELP and TYPE of its family, none twice. */
function readExposition(exposition: string): Sample[] {
  expect(exposition.endsWith('\n')).toBe(true);
  const found: Sample[] = [];
  const seen = new Set<string>();
  let family = '';
  let type = '';
  for (const line of exposition.split('\n')) {
    if (line === '') continue;
    const help = /^# HELP ([a-zA-Z_:][\w:]*) (.+)$/.exec(line);
    const typed = /^# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge|histogram|summary)$/.exec(line);
    if (help) family = help[1] ?? '';
    else if (typed) {
      expect(typed[1]).toBe(family);
      type = typed[2] ?? '';
    } else {
      const [, name = '', labelText = '', number = ''] = LINE.exec(line) ?? [];
      expect(name, line).not.toBe('');
      const suffixes = type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
      expect(suffixes.map((suffix) => family + suffix)).toContain(name);
      expect(seen.has(`${name}{${labelText}`), line).toBe(false);
      seen.add(`${name}{${labelText}`);
      const labels = Object.fromEntries([...labelText.matchAll(LABEL)].map(([, key, value]) => [key, value]));
      found.push({ name, labels, value: number === '+Inf' ? Number.POSITIVE_INFINITY : Number(number) });
      expect(Number.isNaN(found.at(-1)?.value), line).toBe(false);
    }
  }
  return found;
}

function sampleOf(name: string, labels: Record<string, string> = {}): number | undefined {
  return samples.find(
    (sample) =>
      sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
  )?.value;
}

test('histograms count upwards and end at +Inf', () => {
  const counts = samples.filter(({ name }) => name.endsWith('_count'));
  expect(counts.length).toBeGreaterThan(4);
  for (const { name, labels, value } of counts) {
    const buckets = samples.filter(
      (sample) =>
        sample.name === name.replace(/_count$/, '_bucket') &&
        Object.entries(labels).every(([key, text]) => sample.labels[key] === text),
    );
    expect(buckets.map((bucket) => bucket.value)).toEqual(
      buckets.map((bucket) => bucket.value).sort((a, b) => a - b),
    );
    expect(buckets.at(-1)).toMatchObject({ labels: { le: '+Inf' }, value });
  }
});

test('what happened is counted', () => {
  const one = { provider: 'up', model: 'one' };
  expect(sampleOf('outrider_attempts_total', { ...one, ending: 'completed' })).toBe(4);
  expect(sampleOf('outrider_attempts_total', { model: '500', ending: 'server_error' })).toBe(2);
  expect(sampleOf('outrider_selections_total', { model: 'one', task: 'translation', reason: 'auto' })).toBe(
    2,
  );
  expect(sampleOf('outrider_selections_total', { model: '500', reason: 'explicit' })).toBe(1);
  expect(sampleOf('outrider_cost_usd_total', one)).toBeCloseTo(4 * 0.00002, 9);
  expect(sampleOf('outrider_feedback_total', { source: 'human' })).toBe(1);
  expect(sampleOf('outrider_overhead_seconds_count')).toBe(4);
  expect(sampleOf('outrider_propensity_entropy_nats_count')).toBe(5);
  expect(sampleOf('outrider_breaker_state', { provider: 'up', endpoint: 'up/one' })).toBe(0);
  expect(sampleOf('outrider_belief_quality', { task: 'translation', model: 'one' })).toBeGreaterThan(0);
  expect(sampleOf('outrider_requests_in_flight')).toBe(0);
  expect(sampleOf('outrider_journal_dropped')).toBe(0);
});

test('OpenTelemetry’s names where it has some', () => {
  const labels = {
    gen_ai_operation_name: 'chat',
    gen_ai_provider_name: 'up',
    gen_ai_request_model: 'one',
  };
  expect(sampleOf('gen_ai_client_operation_duration_seconds_count', labels)).toBe(4);
  expect(sampleOf('gen_ai_client_operation_time_to_first_chunk_seconds_count', labels)).toBe(1);
  expect(sampleOf('gen_ai_client_token_usage_sum', { ...labels, gen_ai_token_type: 'input' })).toBe(40);
  expect(sampleOf('gen_ai_client_token_usage_sum', { ...labels, gen_ai_token_type: 'output' })).toBe(20);
});

test('nothing that a client said became a label', () => {
  expect(text).not.toContain(SAID);
});
