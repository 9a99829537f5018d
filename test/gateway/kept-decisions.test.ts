import { expect, test } from 'vitest';
import type { Decision } from '../../src/core/choice/decision.ts';
import { scanJson } from '../../src/core/wire/json-members.ts';
import type { Job } from '../../src/gateway/request/job.ts';
import { createKeptDecisions } from '../../src/gateway/request/kept-decisions.ts';
import { CHAT } from '../../src/gateway/request/operations/chat.ts';

const DECISION = {} as Decision;

function jobOf(keyId: string): Job {
  const bytes = Buffer.from('{"model":"auto"}');
  return { keyId, operation: CHAT, bytes, members: scanJson(bytes).members } as unknown as Job;
}

test('a key that asks without end takes nobody else’s decisions, and not more than its share', () => {
  let made = 0;
  const kept = createKeptDecisions({
    newId: () => {
      made += 1;
      return String(made);
    },
    digest: (text) => text,
    monotonicMs: () => 0,
  });
  const quiet = kept.keep(jobOf('quiet'), DECISION).decisionId;
  const first = kept.keep(jobOf('busy'), DECISION).decisionId;
  for (let times = 0; times < 12_000; times += 1) kept.keep(jobOf('busy'), DECISION);
  expect(kept.read(jobOf('quiet'), quiet)).toBe(DECISION);
  const readAsBusy = (number: number) => kept.read(jobOf('busy'), `dec_${number}`);
  expect(() => kept.read(jobOf('busy'), first)).toThrow('There is no decision');
  expect(() => readAsBusy(made - 1_000)).toThrow('There is no decision');
  expect(readAsBusy(made - 999)).toBe(DECISION);
  // One that was carried out makes room for one.
  kept.take(`dec_${made}`);
  expect(() => kept.take(`dec_${made}`)).toThrow('There is no decision');
  kept.keep(jobOf('busy'), DECISION);
  expect(readAsBusy(made - 1_000)).toBe(DECISION);
});
