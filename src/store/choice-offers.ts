/**
 * What free choices were made among, as additive rows. Twelve candidates a request are twelve rows, of which a group commit
 * can hardly share any: gathered for a second they are a microsecond a request. A `kill -9` loses the last second of them,
 * which are means of expectations and shares of support; what was chosen, cost and rated is in the group commit.
 */
import type { Decision, RankedCandidate } from '../core/choice/decision.ts';
import { requestSizeOf } from '../core/task/request-size.ts';
import { dayOf, emptyChoiceRow, keyOf, sorted } from './choice-sums.ts';
import { type Database, write } from './database.ts';
import { addChoiceDay, type ChoiceRow } from './statements.ts';

const WAIT_MS = 1_000;
/** More than three days of forty models in ten tasks; what comes beyond it while storage is away is not kept. */
const MAX_ROWS = 10_000;

interface Offer {
  readonly modelId: string;
  /** The last request that counted it, and the last for which it had a chance: endpoints of a model are one offer. */
  countedIn: number;
  chanceIn: number;
  offered: number;
  supported: number;
  expectedCost: number;
  expectedSeconds: number;
}

interface Group {
  readonly day: number;
  readonly task: string;
  readonly size: string;
  readonly modelToOffer: Map<string, Offer>;
}

export interface ChoiceOffers {
  /** Counts the models that a free choice was made among, once its first model has answered. */
  add(decision: Decision, endedAtMs: number): void;
  /** Writes what is gathered; rejects, and keeps it, when it cannot be written. */
  flush(): Promise<void>;
  stop(): void;
}

export function gatherOffers(database: Database): ChoiceOffers {
  let groups = new Map<string, Group>();
  let rowCount = 0;
  let requests = 0;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  let writing: Promise<void> = Promise.resolve();

  function add({ profile, ranking }: Decision, endedAtMs: number): void {
    const day = dayOf(endedAtMs);
    const size = requestSizeOf(profile.inputTokens);
    const { modelToOffer } = groupOf(day, profile.task, size);
    requests += 1;
    for (let place = 0; place < ranking.length; place += 1) {
      const ranked = ranking[place] as RankedCandidate;
      let offer = modelToOffer.get(ranked.modelId);
      if (offer === undefined) {
        if (rowCount >= MAX_ROWS) continue;
        rowCount += 1;
        offer = emptyOffer(ranked.modelId);
        modelToOffer.set(ranked.modelId, offer);
      }
      if (ranked.propensity > 0 && offer.chanceIn !== requests) {
        offer.chanceIn = requests;
        offer.supported += 1;
      }
      // Of a model's endpoints the first in the ranking is the one that would serve.
      if (offer.countedIn === requests) continue;
      offer.countedIn = requests;
      offer.offered += 1;
      offer.expectedCost += ranked.expectedCostMicroUsd;
      offer.expectedSeconds += ranked.expectedLatencyMs / 1000;
    }
    if (timer === undefined && !isStopped) wake();
  }

  function wake(): void {
    timer = setTimeout(() => {
      timer = undefined;
      flush().catch(() => {
        if (timer === undefined && !isStopped) wake();
      });
    }, WAIT_MS);
    timer.unref();
  }

  function groupOf(day: number, task: string, size: string): Group {
    const key = `${day} ${size} ${task}`;
    let group = groups.get(key);
    if (group === undefined) {
      group = { day, task, size, modelToOffer: new Map() };
      groups.set(key, group);
    }
    return group;
  }

  function flush(): Promise<void> {
    writing = writing.catch(() => {}).then(writeAll);
    return writing;
  }

  async function writeAll(): Promise<void> {
    if (groups.size === 0) return;
    const taken = groups;
    groups = new Map();
    rowCount = 0;
    try {
      await database.transact(() => write(addChoiceDay, rowsOf(taken.values())));
    } catch (error) {
      for (const group of taken.values()) putBack(group);
      throw error;
    }
  }

  function putBack(group: Group): void {
    const { modelToOffer } = groupOf(group.day, group.task, group.size);
    for (const one of group.modelToOffer.values()) {
      const offer = modelToOffer.get(one.modelId);
      if (offer === undefined) {
        rowCount += 1;
        modelToOffer.set(one.modelId, one);
        continue;
      }
      offer.offered += one.offered;
      offer.supported += one.supported;
      offer.expectedCost += one.expectedCost;
      offer.expectedSeconds += one.expectedSeconds;
    }
  }

  return {
    add,
    flush,
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

function emptyOffer(modelId: string): Offer {
  return {
    modelId,
    countedIn: 0,
    chanceIn: 0,
    offered: 0,
    supported: 0,
    expectedCost: 0,
    expectedSeconds: 0,
  };
}

function rowsOf(groups: Iterable<Group>): ChoiceRow[] {
  const rows: ChoiceRow[] = [];
  for (const { day, task, size, modelToOffer } of groups) {
    for (const { modelId, offered, supported, expectedCost, expectedSeconds } of modelToOffer.values()) {
      if (!Number.isFinite(expectedCost + expectedSeconds)) continue;
      const row = emptyChoiceRow(day, task, size, modelId);
      row.offered = offered;
      row.supported = supported;
      row.expectedCost = expectedCost;
      row.expectedSeconds = expectedSeconds;
      rows.push(row);
    }
  }
  return sorted(rows, keyOf);
}
