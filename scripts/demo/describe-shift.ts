import { DEMO_TASKS } from './prompt-bank.ts';
import type { Sent } from './send-traffic.ts';

/** Of `GET /v1/intelligence/rankings`: the model a task is best served by, and how sure the router is of it. */
export interface TaskRanking {
  readonly task: string;
  readonly best: string | null;
  readonly models: readonly { readonly model: string; readonly probability_best: number }[];
}

/** How the traffic of each task moved from the first to the last third of the requests, as lines of a table. */
export function describeShift(sent: readonly Sent[], rankings: readonly TaskRanking[]): string[] {
  const third = Math.ceil(sent.length / 3);
  const first = sent.slice(0, third);
  const last = sent.slice(-third);
  const rows = DEMO_TASKS.map((task) => {
    const ranking = rankings.find((ranked) => ranked.task === task);
    const best = ranking?.best ?? '–';
    const of = (part: readonly Sent[]) => part.filter((request) => request.task === task);
    const probability = ranking?.models.find(({ model }) => model === best)?.probability_best ?? 0;
    return [
      task,
      String(of(sent).length),
      describeShares(of(first)),
      describeShares(of(last)),
      `${best} (${percent(probability)})`,
      `${percent(shareOf(best, of(first)))} → ${percent(shareOf(best, of(last)))}`,
    ];
  });
  const head = [
    'task',
    'requests',
    'first third',
    'last third',
    'best by the rankings (sure)',
    'share on the best',
  ];
  return [...alignColumns([head, ...rows]), '', describeGain(first, last)];
}

function describeGain(first: readonly Sent[], last: readonly Sent[]): string {
  const quality = (part: readonly Sent[]) => mean(part.map((request) => request.quality)).toFixed(2);
  const cost = (part: readonly Sent[]) => (1000 * mean(part.map(({ costUsd }) => costUsd))).toFixed(2);
  return `From the first to the last third: quality ${quality(first)} → ${quality(last)}, cost per 1,000 requests $${cost(first)} → $${cost(last)}.`;
}

/** The three busiest models, e.g. `coder 62 %, flash 20 %, mini 10 %`. */
function describeShares(part: readonly Sent[]): string {
  const models = [...new Set(part.map(({ model }) => model))];
  return models
    .map((model) => ({ model, share: shareOf(model, part) }))
    .sort((one, other) => other.share - one.share)
    .slice(0, 3)
    .map(({ model, share }) => `${model.replace(/^sim-/, '')} ${percent(share)}`)
    .join(', ');
}

export function shareOf(model: string, part: readonly Sent[]): number {
  return mean(part.map((request) => (request.model === model ? 1 : 0)));
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
