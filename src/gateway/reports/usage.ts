import { badRequest } from '../../core/outcome/gateway-error.ts';
import { workNamed } from '../../core/task/work-named.ts';
import type { Store, UsageGroup, UsageSum } from '../../store/contract.ts';
import type { GatewayDeps } from '../deps.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
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
  deps: Pick<GatewayDeps, 'nowMs'> & { readonly store: Store },
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
  const sums = [...(await deps.store.readUsage({ fromMs, toMs, groupBy, keyId, task }))].sort(inOrder);
  const keyToName = groupBy.includes('key') ? await keyNames(deps.store) : undefined;
  const first = (page - 1) * limit;
  const hasMore = first + limit < sums.length;
  return {
    object: 'usage',
    from: timeOf(fromMs),
    to: timeOf(toMs),
    group_by: groupBy,
    data: sums.slice(first, first + limit).map((sum) => ({
      ...(sum.dayStartMs === undefined ? {} : { day: timeOf(sum.dayStartMs).slice(0, 10) }),
      ...(sum.hourMs === undefined ? {} : { hour: timeOf(sum.hourMs) }),
      ...(sum.keyId === undefined
        ? {}
        : { key_id: sum.keyId || null, key_name: keyToName?.get(sum.keyId) ?? null }),
      ...(sum.modelId === undefined ? {} : { model: sum.modelId }),
      ...(sum.task === undefined ? {} : { task: sum.task }),
      ...amountsOf([sum]),
    })),
    total: amountsOf(sums),
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

async function keyNames(store: Store): Promise<ReadonlyMap<string, string>> {
  return new Map((await store.listKeys()).map(({ id, name }) => [id, name]));
}

function amountsOf(sums: readonly UsageSum[]) {
  const total = (of: (sum: UsageSum) => number) => sums.reduce((sum, one) => sum + of(one), 0);
  return {
    requests: total(({ requests }) => requests),
    completed: total(({ completed }) => completed),
    failures: total(({ failures }) => failures),
    input_tokens: total(({ inputTokens }) => inputTokens),
    output_tokens: total(({ outputTokens }) => outputTokens),
    cost_usd: total(({ costMicroUsd }) => costMicroUsd) / 1_000_000,
  };
}

/** The same order each time, so that pages fit together. */
function inOrder(one: UsageSum, other: UsageSum): number {
  return (
    (one.dayStartMs ?? 0) - (other.dayStartMs ?? 0) ||
    (one.hourMs ?? 0) - (other.hourMs ?? 0) ||
    other.costMicroUsd - one.costMicroUsd ||
    compare(one.keyId, other.keyId) ||
    compare(one.modelId, other.modelId) ||
    compare(one.task, other.task)
  );
}

function compare(one = '', other = ''): number {
  return one < other ? -1 : Number(one > other);
}

function timeOf(atMs: number): string {
  return new Date(atMs).toISOString();
}
