import { GatewayError } from '../../core/outcome/gateway-error.ts';
import type { GatewayDeps } from '../deps.ts';
import { forecastCost } from './cost-forecast.ts';
import { listFeedback } from './feedback-list.ts';
import { readPatternsAhead, reportPatterns } from './patterns.ts';
import { rankModels } from './rankings.ts';
import { replayPolicies } from './replay.ts';
import { listRequests } from './request-list.ts';
import { reportSavings } from './savings.ts';
import { forecastSpending } from './spend-forecast.ts';

/** As of an operator who may see everything: nothing is left out of what is read. */
const EVERYTHING = { keyId: undefined, visibleModels: undefined, seesAll: true } as const;
const LONGEST_PAGE = { limit: '200' };
/** Any work does, as long as it takes both ways of the calculation: of many requests and of a few. */
const SOME_WORK = {
  tasks: [
    { type: 'code_generation', estimated_tokens: 500_000, requests: 200 },
    { type: 'summarization', estimated_tokens: 10_000, requests: 5 },
  ],
};
const SOME_POLICIES = { window: '30d', policies: [{ strategy: 'balanced' }, { strategy: 'quality' }] };

/**
 * Does once, after a start, what whoever asks first would wait for: reading eight weeks of spend and sixty days of patterns,
 * fitting forecasts, and the compiler's first look at the code of the dearest reports. Their answers are thrown away; what
 * is kept is what they keep anyway. Nothing where there was no traffic yet.
 *
 * @param pause between two reports; false: it is enough
 * @throws GatewayError 503 `storage_unavailable`
 */
export async function makeReportsAhead(deps: GatewayDeps, pause: () => Promise<boolean>): Promise<void> {
  if ((await deps.store.firstPatternMs()) === undefined) return;
  await readPatternsAhead(deps, pause);
  const hasChat = deps.live.catalog.models.some(({ type }) => type === 'chat');
  const reports: (() => Promise<unknown>)[] = [
    () => forecastSpendAhead(deps),
    () => rankModels(deps, {}, undefined),
    ...(hasChat
      ? [
          () => forecastCost(deps, SOME_WORK, undefined),
          () => reportSavings(deps, { window: '90d' }, undefined),
          () => replayPolicies(deps, SOME_POLICIES, undefined),
        ]
      : []),
    () => reportPatterns(deps, { window: '24h' }, EVERYTHING),
    () => listRequests(deps, LONGEST_PAGE, undefined, undefined),
    () => listFeedback(deps, LONGEST_PAGE, EVERYTHING),
  ];
  for (const report of reports) {
    if (!(await pause())) return;
    await report().catch(passOverRefusal);
  }
}

/** No model may take such work here, say: the other reports are to be ready all the same. */
function passOverRefusal(error: unknown): void {
  if (!(error instanceof GatewayError) || error.status >= 500) throw error;
}

/**
 * The same once an hour is over, for what it has made out of date: histories of spend are read anew and their forecasts
 * fitted, and patterns take in what has become a block or a day.
 *
 * @throws GatewayError 503 `storage_unavailable`
 */
export async function makeHourAhead(deps: GatewayDeps): Promise<void> {
  if ((await deps.store.firstPatternMs()) === undefined) return;
  await forecastSpendAhead(deps);
  await reportPatterns(deps, { window: '30d' }, EVERYTHING);
}

async function forecastSpendAhead(deps: GatewayDeps): Promise<void> {
  for (const until of ['day', 'month'])
    await forecastSpending(deps, { until }, undefined, { isThorough: true });
}
