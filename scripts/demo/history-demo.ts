import { relative } from 'node:path';
import { Presets, SingleBar } from 'cli-progress';
import { DAYS, type Filled, fillHistory } from './history/fill-history.ts';
import { TEAMS } from './history/scene.ts';

/**
 * Fills a fresh installation with two weeks that end now, and says what is to be seen there.
 *
 * @throws Error when the installation is not fresh
 */
export async function runHistoryDemo(options: {
  readonly folder: string;
  readonly requests: number;
  readonly seed: number;
}): Promise<void> {
  const bar = new SingleBar(
    {
      format: `{bar} day {day} of ${DAYS} · {requests} requests, {verdicts} verdicts`,
      noTTYOutput: true,
      notTTYSchedule: 5_000,
      hideCursor: true,
    },
    Presets.shades_classic,
  );
  const interrupt = new AbortController();
  const giveUp = () => interrupt.abort(new Error('Given up: nothing of it is left.'));
  process.once('SIGINT', giveUp);
  process.once('SIGTERM', giveUp);
  let isShown = false;
  try {
    const filled = await fillHistory({
      ...options,
      endMs: Date.now(),
      signal: interrupt.signal,
      onProgress(share, { requests, verdicts }) {
        const day = Math.min(DAYS, Math.floor(share * DAYS) + 1);
        // Only once it is certain that there is something to fill.
        if (!isShown) bar.start(1, 0, { day, requests, verdicts });
        isShown = true;
        bar.update(share, { day, requests, verdicts });
      },
    });
    bar.stop();
    console.log(`\n${describe(filled).join('\n')}`);
  } finally {
    bar.stop();
    process.off('SIGINT', giveUp);
    process.off('SIGTERM', giveUp);
  }
}

function describe({ requests, failed, verdicts, configPath, databasePath, happenings }: Filled): string[] {
  const { outage, relapse, lookAgainAtMs, newcomer, launchAtMs } = happenings;
  const place = relative(process.cwd(), configPath) || configPath;
  const isDefaultPlace = place === 'outrider.toml' && !process.env.OUTRIDER_CONFIG;
  return [
    `${databasePath}: ${requests} requests by ${TEAMS.length} teams, ${failed} of which failed, and ${verdicts} verdicts on answers.`,
    'What happened, by UTC:',
    `  ${when(outage.fromMs)}  the provider ${outage.provider} was away until ${when(outage.toMs).slice(-5)}`,
    `  ${when(launchAtMs)}  the team search went live`,
    `  ${when(relapse.fromMs)}  ${relapse.model} got worse, until ${when(relapse.toMs)}; at ${when(lookAgainAtMs)} somebody had it looked at again`,
    `  ${when(newcomer.atMs)}  ${newcomer.model} came new`,
    '',
    'Look at it:',
    `  npm start${isDefaultPlace ? '' : ` -- --config ${place}`}`,
    '  http://127.0.0.1:8080/dashboard    any word is a key there: api.require_auth is false',
    '  npm run demo -- --live              sends tasks through it: how providers are is known of the present process only',
    `Before real use remove ${place} and outrider.db* beside it.`,
  ];
}

/** e.g. `Mon 2026-11-16 14:00` */
function when(atMs: number): string {
  const date = new Date(atMs);
  const weekday = date.toLocaleDateString('en', { weekday: 'short', timeZone: 'UTC' });
  return `${weekday} ${date.toISOString().slice(0, 16).replace('T', ' ')}`;
}
