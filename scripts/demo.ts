// `npm run demo`: shows what Outrider does before anybody has traffic of their own.
import { parseArgs } from 'node:util';
import { runHistoryDemo } from './demo/history-demo.ts';
import { DEFAULT_URL, isOutrider, runLiveDemo } from './demo/live-demo.ts';

const HISTORY_REQUESTS = 9_000;
const LIVE_REQUESTS = 600;
const USAGE = `npm run demo -- [--history] [--folder .] [--requests ${HISTORY_REQUESTS}] [--seed 1]
  fills a fresh installation in that folder with two weeks of invented traffic, for the dashboard; no gateway may be serving there
npm run demo -- --live [--url ${DEFAULT_URL}] [--requests ${LIVE_REQUESTS}] [--seed 1]
  sends tasks with feedback through a running gateway, or one of its own, and prints how their traffic moves to the models that earn it.
  The key comes from OUTRIDER_API_KEY where the gateway asks for one; it needs the scopes inference, feedback and intelligence.
Without --history and --live: live where a gateway answers at ${DEFAULT_URL}, else history.`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      history: { type: 'boolean', default: false },
      live: { type: 'boolean', default: false },
      folder: { type: 'string' },
      url: { type: 'string' },
      requests: { type: 'string' },
      seed: { type: 'string', default: '1' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const wantsLive = values.live || values.url !== undefined;
  const wantsHistory = values.history || values.folder !== undefined;
  if (wantsLive && wantsHistory) {
    throw new Error('--live and --url are of one demo, --history and --folder of the other.');
  }
  const seed = Number(values.seed);
  if (!Number.isSafeInteger(seed)) throw new Error('--seed takes a whole number.');
  const requestsOr = (usual: number) => readRequests(values.requests, usual);
  if (wantsLive || (!wantsHistory && (await isOutrider(DEFAULT_URL)))) {
    const url = values.url?.replace(/\/+$/, '');
    return runLiveDemo({ requests: requestsOr(LIVE_REQUESTS), url, seed });
  }
  return runHistoryDemo({ folder: values.folder ?? '.', requests: requestsOr(HISTORY_REQUESTS), seed });
}

function readRequests(text: string | undefined, usual: number): number {
  const requests = text === undefined ? usual : Number(text);
  if (Number.isSafeInteger(requests) && requests >= 3 && requests <= 100_000) return requests;
  throw new Error('--requests takes a whole number from 3 to 100000.');
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? `${error.message}\n\n${USAGE}` : error);
  process.exitCode = 1;
});
