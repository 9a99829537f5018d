import { byRequestId } from '../../core/outcome/by-request-id.ts';
import { badRequest } from '../../core/outcome/gateway-error.ts';
import { requestNotFound } from '../../core/outcome/request-not-found.ts';
import { countedVerdict } from '../../core/reward/feedback-change.ts';
import { qualityDelta } from '../../core/reward/verdict.ts';
import { windowMs } from '../../core/tally/report-window.ts';
import { workNamed } from '../../core/task/work-named.ts';
import type { FeedbackPlace, FeedbackRecord, ListedVerdict, Store } from '../../store/contract.ts';
import type { GatewayDeps } from '../deps.ts';
import { encodePlace, readPlace } from './page-place.ts';
import { sourceNameFor } from './source-name.ts';
import { keyAskedFor } from './spend-forecast.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;
const LONGEST_NAME = 256;

export interface FeedbackListQuery {
  readonly model?: string;
  readonly task?: string;
  readonly source?: string;
  readonly key_id?: string;
  readonly window?: string;
  readonly limit?: string;
  readonly cursor?: string;
}

/** Who asks: the key whose requests it may see, and the ids of the models it may know of; undefined for all. */
interface Viewer {
  readonly keyId: string | undefined;
  readonly visibleModels: ReadonlySet<string> | undefined;
}

type Deps = Pick<GatewayDeps, 'learner' | 'nowMs'> & { readonly store: Store };

/**
 * What was said of answers, the newest first, and what each verdict counts now. A filter looks at 2,000 verdicts at a time,
 * and says where to go on: a page may be short, or empty, and still not be the last.
 *
 * @throws GatewayError 400 for a task, window, number or place that is none, 404 for a key that is not the caller's
 */
export async function listFeedback(deps: Deps, query: FeedbackListQuery, viewer: Viewer): Promise<object> {
  const { verdicts, next } = await deps.store.listFeedback({
    limit: limitOf(query.limit),
    before: query.cursor === undefined ? undefined : placeIn(query.cursor),
    sinceMs: query.window === undefined ? undefined : deps.nowMs() - windowMs(query.window),
    keyId: await keyAskedFor(deps.store, query.key_id, viewer.keyId),
    task: query.task === undefined ? undefined : workNamed(query.task),
    modelId: nameIn(query.model, 'model'),
    sourceName: nameIn(query.source, 'source'),
  });
  return {
    object: 'list',
    data: verdicts
      .filter(({ answer }) => viewer.visibleModels?.has(answer.modelId) !== false)
      .map((one) => ({
        request_id: one.verdict.requestId,
        key_id: one.keyId || null,
        model: one.answer.modelId,
        task: one.task,
        ...verdictOf(deps, one, one.verdict, viewer),
      })),
    has_more: next !== undefined,
    next_cursor: next === undefined ? null : encodePlace([next.updatedAtMs, nameOfPlace(next)]),
  };
}

/**
 * All that was said of one answer, by the house's own checks too, which verdict counts, and what is believed of its model by now.
 *
 * @throws GatewayError 404 for a request that there is not, that is another key's, or whose model the caller may not know of
 */
export async function showFeedback(deps: Deps, requestId: string, viewer: Viewer): Promise<object> {
  const found = await byRequestId(requestId, (id) => deps.store.readVerdicts(id));
  const isOwn = found !== undefined && (viewer.keyId === undefined || found.keyId === viewer.keyId);
  if (!isOwn || viewer.visibleModels?.has(found.answer.modelId) === false)
    throw requestNotFound(requestId, await deps.store.purgedBeforeMs());
  const { answer, task, reason, all } = found;
  const counted = countedVerdict({ reason, automatic: answer.automatic, feedback: all });
  const { mean, low90, high90, samples, evidence } = deps.learner.qualityOf(task, answer.modelId);
  return {
    object: 'feedback.summary',
    request_id: answer.requestId,
    key_id: found.keyId || null,
    model: answer.modelId,
    task,
    reason,
    automatic:
      answer.automatic === undefined
        ? null
        : {
            source_class: answer.automatic.source,
            score: answer.automatic.quality,
            counted: counted !== undefined && counted === answer.automatic,
            moved: counted === answer.automatic ? movedBy(found, answer.automatic) : null,
          },
    data: all.map((verdict) => verdictOf(deps, found, verdict, viewer)),
    belief: { quality: mean, low_90: low90, high_90: high90, samples, evidence },
  };
}

function verdictOf(
  deps: Deps,
  one: Omit<ListedVerdict, 'verdict'>,
  verdict: FeedbackRecord,
  { visibleModels }: Viewer,
): Record<string, unknown> {
  const counted = countedVerdict({ reason: one.reason, automatic: one.answer.automatic, feedback: one.all });
  const counts =
    counted !== undefined && 'sourceName' in counted && counted.sourceName === verdict.sourceName;
  const { weight: worth } =
    verdict.source === 'judge' ? deps.learner.reliabilityOf(verdict.sourceName) : verdict;
  return {
    source: sourceNameFor(verdict.sourceName, visibleModels),
    source_class: verdict.source,
    score: verdict.quality,
    weight: verdict.weight === 0 ? 0 : worth,
    comment: verdict.comment,
    signals: signalsIn(verdict.signals),
    updated_at: new Date(verdict.updatedAtMs).toISOString(),
    counted: counts,
    capped: verdict.weight === 0,
    moved: counts ? movedBy(one, verdict) : null,
  };
}

/** What it stands for in the sums of quality: a judge's as it was given, as its worth is applied when they are read. */
function movedBy(
  { answer, task, reason }: Omit<ListedVerdict, 'verdict'>,
  verdict: Parameters<typeof qualityDelta>[1],
): object {
  const { a, b } = qualityDelta({ modelId: answer.modelId, task, epoch: answer.epoch, reason }, verdict);
  return { epoch: answer.epoch, successes: a, failures: b };
}

/** As the client sent them; `null` for a text that is no JSON object. */
function signalsIn(text: string): object | null {
  try {
    const signals: unknown = JSON.parse(text);
    return typeof signals === 'object' && signals !== null && !Array.isArray(signals) ? signals : null;
  } catch {
    return null;
  }
}

function nameIn(text: string | undefined, param: string): string | undefined {
  if (text === undefined || (text.length <= LONGEST_NAME && !text.includes('\0'))) return text;
  throw badRequest(`'${param}' is longer than any name, or holds a NUL character.`, param);
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LIMIT;
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw badRequest(`'limit' must be a whole number from 1 to ${MAX_LIMIT}.`, 'limit');
}

/** A line break is in no request id. */
function nameOfPlace({ requestId, sourceName }: FeedbackPlace): string {
  return `${requestId}\n${sourceName}`;
}

function placeIn(text: string): FeedbackPlace {
  const [updatedAtMs, name] = readPlace(text);
  const [requestId = '', sourceName = ''] = name.split('\n');
  return { updatedAtMs, requestId, sourceName };
}
