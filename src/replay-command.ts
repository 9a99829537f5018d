import type { z } from 'zod';
import { askGateway, gatewayUrl } from './ask-gateway.ts';
import { withConfig } from './command-store.ts';
import type { intervalSchema, offPolicyEstimateSchema } from './http/intelligence/off-policy-schema.ts';
import type { replaySchema } from './http/intelligence/replay-schema.ts';

type Print = (line: string) => void;

export interface ReplayOptions {
  readonly config?: string;
  readonly url?: string;
  readonly json?: true;
  readonly window?: string;
  readonly task?: string;
  readonly strategy?: readonly string[];
  readonly valueOfQuality?: number;
  readonly valueOfSecond?: number;
  readonly minQuality?: number;
  readonly model?: readonly string[];
  readonly budget?: number;
}

type Interval = z.infer<typeof intervalSchema>;
type EstimateAnswer = z.infer<typeof offPolicyEstimateSchema>;
type ReplayAnswer = z.infer<typeof replaySchema>;

/** Models with less of the requests are not named in the table. */
const NOTABLE_SHARE = 0.05;

/**
 * `outrider replay`: asks the running gateway, which alone knows what it believes. The key comes from `OUTRIDER_API_KEY`
 * and needs the scope `intelligence`, once any key exists.
 */
export function replayCommand(options: ReplayOptions, env: NodeJS.ProcessEnv, print: Print): Promise<void> {
  return withConfig(options, env, async ({ api, strategies }) => {
    const answer = await askGateway<ReplayAnswer>(
      gatewayUrl(options.url, api.address),
      '/v1/intelligence/replay',
      bodyOf(options, Object.keys(strategies)),
      { key: env.OUTRIDER_API_KEY, isAnswer: (body) => 'object' in body && body.object === 'replay' },
    );
    if (options.json) print(JSON.stringify(answer, null, 2));
    else for (const line of tableOf(answer)) print(line);
  });
}

/** Every strategy there is where none is named and nothing else is asked. */
function bodyOf(options: ReplayOptions, strategies: readonly string[]): object {
  const { window, task, strategy, model } = options;
  const wish = {
    value_of_quality_usd: options.valueOfQuality,
    value_of_second_usd: options.valueOfSecond,
    min_quality: options.minQuality,
    models: model,
    budget_usd_per_1k_requests: options.budget,
  };
  const isBare = Object.values(wish).every((value) => value === undefined);
  const names = strategy ?? (isBare ? strategies : undefined);
  return {
    window,
    task,
    policies: names === undefined ? [wish] : names.map((name) => ({ strategy: name, ...wish })),
  };
}

function tableOf({ from, to, logged, policies }: ReplayAnswer): string[] {
  const rows = [
    ['', 'USD per 1k requests', 'quality', 'seconds', 'models'],
    [
      'as it was',
      logged.cost_usd_per_1k_requests.toFixed(4),
      logged.quality === null ? 'not rated' : spanOf(logged.quality, 3),
      logged.seconds === null ? '' : logged.seconds.toFixed(2),
      mixOf(logged.models),
    ],
    ...policies.map((policy) => [
      policy.name,
      told(policy.cost_usd_per_1k_requests, 4),
      told(policy.quality, 3),
      told(policy.seconds, 2),
      mixOf(policy.models),
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const reasons = new Set(
    policies.flatMap((policy) =>
      [policy.cost_usd_per_1k_requests, policy.quality, policy.seconds].flatMap(({ refusal }) =>
        refusal === null ? [] : [`${policy.name}: ${refusal.message}`],
      ),
    ),
  );
  return [
    `${logged.requests} requests chosen freely, ${from.slice(0, 10)} to ${lastDayOf(to)}; means with their 90 % intervals`,
    ...rows.map((row) =>
      row
        .map((cell, column) => cell.padEnd(column === row.length - 1 ? 0 : (widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    ),
    ...reasons,
    ...policies.flatMap(({ name, warnings }) => warnings.map(({ message }) => `${name}: ${message}`)),
  ];
}

/** @param to the end of the day, which is the beginning of the next */
function lastDayOf(to: string): string {
  return new Date(Date.parse(to) - 1).toISOString().slice(0, 10);
}

function told({ doubly_robust: estimate }: EstimateAnswer, digits: number): string {
  return estimate === null ? 'cannot be said' : spanOf(estimate, digits);
}

function spanOf({ mean, low_90: low, high_90: high }: Interval, digits: number): string {
  return `${mean.toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`;
}

function mixOf(models: readonly { readonly model: string; readonly share: number }[]): string {
  const notable = models.filter(({ share }) => share >= NOTABLE_SHARE);
  return notable.map(({ model, share }) => `${model} ${Math.round(100 * share)} %`).join(', ');
}
