import path from 'node:path';
import { profileRequest } from '../src/core/task/profile-request.ts';
import type { ChatRequestView } from '../src/core/task/task.ts';
import { seededRandom, shuffle } from './classifier/random.ts';
import { expand, type PromptFile, readPromptFiles } from './classifier/templates.ts';

/**
 * What one `profileRequest` costs: `node --expose-gc --import tsx scripts/bench-classifier.ts`.
 *
 * warm    best round of many, each over `PROMPTS` different requests, so that no single prompt stays in the cache;
 * swept   median of single calls after other memory has pushed everything out of the caches, which is nearer to how
 *         a gateway meets it;
 * loop    the same rounds around a function that reads one character: what measuring itself costs.
 */
const PROMPTS = 256;
const ROUNDS = 100;
const WARM_UP_CPU_MS = 4_000;
const SWEPT_CALLS = 200;
const SWEEP_BYTES = 8 * 1024 * 1024;

const files = readPromptFiles(path.resolve(import.meta.dirname, 'classifier/prompts'));
const random = seededRandom(7);

/** Requests of exactly `characters` characters: prompts of the training templates, end to end. */
function requestsOf(language: string, characters: number, count = PROMPTS): ChatRequestView[] {
  const file = files.find((each) => each.language === language);
  if (!file) throw new Error(`no prompts in ${language}`);
  return Array.from({ length: count }, () => requestOf(textOf(file, characters)));
}

function textOf(file: PromptFile, characters: number): string {
  let text = '';
  for (const template of shuffle([...file.templates], random)) {
    if (text.length >= characters) break;
    text += `${expand(template.text, file, random)} `;
  }
  return text.slice(0, characters);
}

/** Through JSON, as a gateway's strings come: flat, and one byte a character where that is enough. */
function requestOf(text: string): ChatRequestView {
  return JSON.parse(JSON.stringify({ messages: [{ role: 'user', content: text }] })) as ChatRequestView;
}

function hostileRequests(): ChatRequestView[] {
  return ['a', ' ', 'a ', '\ud83d', '中', '`', '\n', '7', 'aü中 1', '. ', 'ab-'].map((unit) =>
    requestOf(unit.repeat(Math.ceil(1_000_000 / unit.length)).slice(0, 1_000_000)),
  );
}

let kept = 0;
const profile = (request: ChatRequestView): void => {
  kept += profileRequest(request).complexity;
};
const nothing = (request: ChatRequestView): void => {
  kept += String(request.messages[0]?.content).charCodeAt(0);
};

function warmMicros(requests: readonly ChatRequestView[], work: typeof profile, rounds = ROUNDS): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round += 1) {
    const startedMs = performance.now();
    for (const request of requests) work(request);
    best = Math.min(best, ((performance.now() - startedMs) * 1_000) / requests.length);
  }
  return best;
}

const sweep = new Uint8Array(SWEEP_BYTES);

function sweptMicros(requests: readonly ChatRequestView[]): number {
  const taken: number[] = [];
  for (let call = 0; call < SWEPT_CALLS; call += 1) {
    for (let at = 0; at < SWEEP_BYTES; at += 64) sweep[at] = (sweep[at] as number) + 1;
    const request = requests[call % requests.length] as ChatRequestView;
    const started = process.hrtime.bigint();
    profile(request);
    taken.push(Number(process.hrtime.bigint() - started) / 1_000);
  }
  taken.sort((one, other) => one - other);
  return taken[SWEPT_CALLS >> 1] as number;
}

/** Bytes allocated per call, where `--expose-gc` lets the heap be settled first. */
function bytesPerProfile(requests: readonly ChatRequestView[]): number {
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  for (const request of requests) profile(request);
  return (process.memoryUsage().heapUsed - before) / requests.length;
}

const cases: readonly (readonly [name: string, requests: ChatRequestView[], rounds?: number])[] = [
  ['50 characters', requestsOf('en', 50)],
  ['1 KB', requestsOf('en', 1_024)],
  ['2 KB', requestsOf('en', 2_048)],
  ['1 KB German', requestsOf('de', 1_024)],
  ['2 KB Chinese (682 characters)', requestsOf('zh', 682)],
  ['2,048 Chinese characters', requestsOf('zh', 2_048)],
  ['1 MB, hostile', hostileRequests()],
];
// All kinds of text before the first figure: V8 gives up its best code at the first text unlike all before, and on a
// busy machine takes a second to make it anew.
while (process.cpuUsage().user < WARM_UP_CPU_MS * 1_000) {
  for (const [, requests] of cases) warmMicros(requests, profile, 2);
}

console.log(`${'µs per profile'.padEnd(32)}   warm   swept   × loop   bytes`);
for (const [name, requests] of cases) {
  const warm = warmMicros(requests, profile);
  const loop = Math.max(0.001, warmMicros(requests, nothing));
  const line = [
    warm.toFixed(2).padStart(7),
    sweptMicros(requests).toFixed(2).padStart(8),
    (warm / loop).toFixed(0).padStart(9),
    bytesPerProfile(requests).toFixed(0).padStart(8),
  ];
  console.log(`${name.padEnd(32)}${line.join('')}`);
}
if (!Number.isFinite(kept)) throw new Error('complexity was no number');
