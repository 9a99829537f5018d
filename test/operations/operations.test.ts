import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { send } from '../http/send.ts';

const FOLDER = fileURLToPath(new URL('../../docs/operations/', import.meta.url));
const hasPrometheus = ['promtool', 'prometheus'].every((program) => existsSync(`/usr/bin/${program}`));
const readText = (name: string) => readFileSync(join(FOLDER, name), 'utf8');

let gateway: TestGateway;
let key: string;
let exposition: string;
/** What the gateway says it has, under the names of its families. */
let families: string[];

beforeAll(async () => {
  gateway = await startGateway();
  key = (await gateway.createKey({ scopes: ['inference', 'intelligence'] })).key;
  const answer = await send(`${gateway.url}/v1/chat/completions`, {
    key,
    body: { model: 'auto', messages: [{ role: 'user', content: 'Say hello.' }] },
  });
  expect(answer.status).toBe(200);
  exposition = (await send(`${gateway.url}/metrics`, { key })).text;
  families = [...exposition.matchAll(/^# TYPE (\w+) /gm)].map(([, name = '']) => name);
});

afterAll(() => gateway.stop());

test('the table of metrics has each one that there is, and no other', () => {
  const told = [...readText('README.md').matchAll(/^\| `(\w+)` \|/gm)].map(([, name = '']) => name);
  const own = families.filter((name) => /^(outrider|gen_ai)_/.test(name));
  expect(told.sort()).toEqual(own.sort());
});

test.each(['alerts.yml', 'grafana.json'])('%s asks for metrics that there are', (name) => {
  const asked = new Set(
    [...readText(name).matchAll(/\b(?:outrider|gen_ai)_[a-z0-9_]+/g)].map(([found]) => found),
  );
  const labels = new Set([...exposition.matchAll(/(\w+)="/g)].map(([, label]) => label));
  const unknown = [...asked].filter(
    (found) =>
      !families.includes(found.replace(/_(bucket|sum|count)$/, '')) &&
      !families.includes(found) &&
      !labels.has(found),
  );
  expect(asked.size).toBeGreaterThan(5);
  expect(unknown).toEqual([]);
});

describe.skipIf(!hasPrometheus)('with Prometheus itself', () => {
  test('promtool finds no fault in the rules and the metrics', () => {
    const rules = spawnSync('promtool', ['check', 'rules', join(FOLDER, 'alerts.yml')], { encoding: 'utf8' });
    expect(rules.status, rules.stderr).toBe(0);
    const metrics = spawnSync('promtool', ['check', 'metrics'], { input: exposition, encoding: 'utf8' });
    // Its advice on names is about those of prom-client and OpenTelemetry.
    const own = `${metrics.stdout}${metrics.stderr}`
      .split('\n')
      .filter((line) => line.startsWith('outrider_'));
    expect(own).toEqual([]);
  });

  test('the first count of a process wakes somebody, where there was no series before', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'outrider-rules-'));
    try {
      await copyFile(join(FOLDER, 'alerts.yml'), join(folder, 'alerts.yml'));
      const fired = (alertname: string, series: string, labels: object, minutes: number) => ({
        interval: '1m',
        input_series: [{ series, values: '_x9 1x200' }],
        promql_expr_test: [
          { expr: `count(ALERTS{alertname="${alertname}"})`, eval_time: '5m', exp_samples: [] },
          ...[12, 12 + minutes].map((minute, later) => ({
            expr: `ALERTS{alertname="${alertname}"}`,
            eval_time: `${minute}m`,
            exp_samples: later
              ? []
              : [
                  {
                    labels: `ALERTS${JSON.stringify({ alertname, alertstate: 'firing', ...labels }).replace(/"(\w+)":/g, '$1=')}`,
                    value: 1,
                  },
                ],
          })),
        ],
      });
      const tests = [
        fired(
          'OutriderModelChanged',
          'outrider_change_alarms_total{model="large",direction="worse"}',
          { model: 'large', direction: 'worse', severity: 'info' },
          70,
        ),
        fired(
          'OutriderCredentialsRefused',
          'outrider_attempts_total{provider="acme",model="large",ending="credentials"}',
          { provider: 'acme', severity: 'critical' },
          25,
        ),
      ];
      const file = join(folder, 'tests.yml');
      await writeFile(file, JSON.stringify({ rule_files: ['alerts.yml'], evaluation_interval: '1m', tests }));
      const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', file], { encoding: 'utf8' });
      expect(status, `${stdout}${stderr}`).toBe(0);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('a real one scrapes the gateway, loads the rules and answers what the dashboard asks', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'outrider-prometheus-'));
    const port = await freePort();
    await copyFile(join(FOLDER, 'alerts.yml'), join(folder, 'alerts.yml'));
    await writeFile(join(folder, 'outrider.key'), key);
    const config = readText('prometheus.yml')
      .replace('127.0.0.1:8080', new URL(gateway.url).host)
      .replaceAll('15s', '1s');
    await writeFile(join(folder, 'prometheus.yml'), config);
    const prometheus = spawn(
      'prometheus',
      [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: 'ignore' },
    );
    try {
      const ask = async (path: string) => {
        const answer = await send(`http://127.0.0.1:${port}/api/v1/${path}`).catch(() => undefined);
        return answer?.json as {
          data: { result: { value: [number, string] }[]; groups: { rules: { health: string }[] }[] };
        };
      };
      const up = encodeURIComponent('up{job="outrider"}');
      await expect
        .poll(async () => (await ask(`query?query=${up}`))?.data?.result[0]?.value[1], { timeout: 25_000 })
        .toBe('1');
      await expect
        .poll(
          async () =>
            (await ask('rules'))?.data.groups.flatMap(({ rules }) => rules.map(({ health }) => health)),
          { timeout: 25_000 },
        )
        .toEqual(Array.from({ length: 11 }, () => 'ok'));
      const { panels } = JSON.parse(readText('grafana.json')) as {
        panels: { title: string; targets: { expr: string }[] }[];
      };
      for (const { title, targets } of panels) {
        for (const { expr } of targets) {
          const query = expr.replaceAll('$__rate_interval', '1m').replaceAll('$task', '.*');
          const answer = await send(
            `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`,
          );
          expect(answer.status, `${title}: ${answer.text}`).toBe(200);
        }
      }
    } finally {
      prometheus.kill();
      await once(prometheus, 'exit');
      await rm(folder, { recursive: true, force: true });
    }
  }, 60_000);
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
