import { DAY_MS, HOUR_MS } from '../../core/durations.ts';
import { badRequest } from '../../core/outcome/gateway-error.ts';
import { workNamed } from '../../core/task/work-named.ts';
import type { Store, UsageGroup, UsageSum } from '../../store/contract.ts';
import type { GatewayDeps } from '../deps.ts';

const DEFAULT_DAYS = 30;
const MAX_DAYS = 400;
const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;
const GROUPS: readonly UsageGroup[] = ['key', 'model', 'task', 'day', 'hour'];

export interface UsageQuery {
  readonly group_by?: string;
  readonly from?: string;
  readonly to?: string;
  readonly task?: string;
  readonly limit?: string;
  readonly page?: string;
}

/**
 * What was used, summed up by key, model, task, day and hour from the hourly roll-up; the oldest first, within it what cost most.
 *
 * @param keyId the key whose usage the caller may see; undefined for all
 * @throws GatewayError 400 for a group or task there is not, a time or number that is none, a window that is empty or too long
 */
export async function reportUsage(
  deps: Pick<GatewayDeps, 'nowMs' | 'turns'> & { readonly store: Store },
  query: UsageQuery,
  keyId: string | undefined,
): Promise<object> {
  const groupBy = groupsOf(query.group_by ?? 'day');
  const { fromMs, toMs } = windowOf(query, deps.nowMs());
  const task = query.task === undefined ? undefined : workNamed(query.task);
  const limit = wholeOf(query.limit, 'limit', DEFAULT_LIMIT, MAX_LIMIT);
  const page = wholeOf(query.page, 'page', 1, Number.MAX_SAFE_INTEGER);
  // What has just ended is part of it.
  await deps.store.journal.flush();
  const { groups, hasMore, total } = await deps.store.readUsagePage(
    { fromMs, toMs, groupBy, keyId, task },
    { first: (page - 1) * limit, limit },
  );
  const keyIds = new Set(groups.flatMap((sum) => sum.keyId ?? []));
  const keyToName = await deps.store.nameKeys([...keyIds]);
  // A page of a thousand groups takes a millisecond to build and another to become JSON.
  if (deps.turns.isOver()) await deps.turns.next();
  const data = groups.map((sum) => groupOf(sum, keyToName));
  if (deps.turns.isOver()) await deps.turns.next();
  return {
    object: 'usage',
    from: timeOf(fromMs),
    to: timeOf(toMs),
    group_by: groupBy,
    data,
    total: amountsOf(total),
    has_more: hasMore,
    next_page: hasMore ? page + 1 : null,
  };
}

function groupsOf(text: string): UsageGroup[] {
  const names = text.split(',').map((name) => name.trim());
  for (const [at, name] of names.entries()) {
    if (!GROUPS.some((group) => group === name)) {
      throw badRequest(
        `'group_by' names '${name.slice(0, 64)}'. Known are ${GROUPS.join(', ')}, one or several with commas between them.`,
        'group_by',
        'unknown_option',
      );
    }
    if (names.indexOf(name) !== at)
      throw badRequest(`'group_by' names '${name}' twice.`, 'group_by', 'invalid_value');
  }
  return GROUPS.filter((group) => names.includes(group));
}

/** Whole hours, as the roll-up has them: the one that each end falls into belongs to the window. */
function windowOf({ from, to }: UsageQuery, nowMs: number): { fromMs: number; toMs: number } {
  const toMs = Math.ceil((to === undefined ? nowMs + 1 : instantOf(to, 'to')) / HOUR_MS) * HOUR_MS;
  const fromMs =
    from === undefined
      ? Math.floor((toMs - DEFAULT_DAYS * DAY_MS) / DAY_MS) * DAY_MS
      : Math.floor(instantOf(from, 'from') / HOUR_MS) * HOUR_MS;
  if (fromMs >= toMs) throw badRequest("'from' must be before 'to'.", 'from', 'invalid_value');
  if (toMs - fromMs > MAX_DAYS * DAY_MS) {
    throw badRequest(`'from' and 'to' may be ${MAX_DAYS} days apart at most.`, 'from', 'invalid_value');
  }
  return { fromMs, toMs };
}

const INSTANT = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/;

function instantOf(text: string, param: 'from' | 'to'): number {
  const atMs = INSTANT.test(text) ? Date.parse(text) : Number.NaN;
  // JavaScript takes the 31st of February for the 3rd of March.
  const isReal =
    atMs >= 0 && new Date(`${text.slice(0, 10)}T00:00:00Z`).toISOString().startsWith(text.slice(0, 10));
  if (isReal) return atMs;
  throw badRequest(
    `'${param}' must be a day, such as 2026-11-28 (its beginning in UTC), or a time with its zone, such as 2026-11-28T12:00:00Z.`,
    param,
    'invalid_value',
  );
}

function wholeOf(text: string | undefined, param: string, otherwise: number, most: number): number {
  if (text === undefined) return otherwise;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 1 && value <= most) return value;
  throw badRequest(
    `'${param}' must be a whole number from 1${most === Number.MAX_SAFE_INTEGER ? '' : ` to ${most}`}.`,
    param,
    'invalid_value',
  );
}

/** What is undefined is not in the JSON. Written out: spread together, a thousand of them take ten times as long. */
function groupOf(sum: UsageSum, keyToName: ReadonlyMap<string, string>) {
  const { dayStartMs, hourMs, keyId } = sum;
  return {
    day: dayStartMs === undefined ? undefined : timeOf(dayStartMs).slice(0, 10),
    hour: hourMs === undefined ? undefined : timeOf(hourMs),
    key_id: keyId === undefined ? undefined : keyId || null,
    key_name: keyId === undefined ? undefined : (keyToName.get(keyId) ?? null),
    model: sum.modelId,
    task: sum.task,
    ...amountsOf(sum),
  };
}

function amountsOf(sum: UsageSum) {
  return {
    requests: sum.requests,
    completed: sum.completed,
    failures: sum.failures,
    input_tokens: sum.inputTokens,
    output_tokens: sum.outputTokens,
    cost_usd: sum.costMicroUsd / 1_000_000,
  };
}

function timeOf(atMs: number): string {
  return new Date(atMs).toISOString();
}
