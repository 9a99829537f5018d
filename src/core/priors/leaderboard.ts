import type { Task } from '../task/task.ts';
import { readModelName } from './model-name.ts';

/** Scores that one public leaderboard gave, as it gave them: models are compared within it, never across. */
export interface Leaderboard {
  readonly name: string;
  readonly source: string;
  /** When the scores were read or published, year and month. */
  readonly date: string;
  /** Quality points that one point of score is worth. */
  readonly qualityPerPoint: number;
  /** Positions in a row whose mean speaks about the task. Tasks left out: see `general`. */
  readonly taskToColumns: { readonly [task in Task]?: readonly number[] };
  /** Whether the mean of a whole row says something, weakly, about the tasks left out. */
  readonly isGeneral: boolean;
  /** Model → scores by column. Names as `readModelName` reads them. */
  readonly scores: Readonly<Record<string, readonly number[]>>;
}

/** What a leaderboard says about one model. */
export interface LeaderboardEntry {
  readonly scores: readonly number[];
  /** False where the scores are those of an earlier version of the model. */
  readonly isExact: boolean;
}

/** A whole version back says little: Haiku 4.5 is not what Haiku 3.5 was. */
const FURTHEST_VERSION_BACK = 0.75;

/** Finds models by any of their names: the same version, else the latest earlier one of the same line. */
export function indexLeaderboard(
  leaderboard: Leaderboard,
): (names: readonly string[]) => LeaderboardEntry | undefined {
  const lineToVersions = new Map<string, { version: number; scores: readonly number[] }[]>();
  for (const [name, scores] of Object.entries(leaderboard.scores)) {
    const { line, version } = readModelName(name);
    const versions = lineToVersions.get(line);
    if (versions === undefined) lineToVersions.set(line, [{ version, scores }]);
    else versions.push({ version, scores });
  }
  return (names) => {
    let predecessor: { version: number; scores: readonly number[] } | undefined;
    for (const name of names) {
      const { line, version } = readModelName(name);
      for (const listed of lineToVersions.get(line) ?? []) {
        if (listed.version === version) return { scores: listed.scores, isExact: true };
        const isNear = listed.version < version && version - listed.version <= FURTHEST_VERSION_BACK + 1e-9;
        if (isNear && listed.version > (predecessor?.version ?? -1)) predecessor = listed;
      }
    }
    return predecessor && { scores: predecessor.scores, isExact: false };
  };
}
