import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ENDINGS, type EndingRule } from '../../src/core/outcome/endings.ts';

const text = readFileSync(new URL('../../docs/faults.md', import.meta.url), 'utf8');

/** Cells of a table's rows, its first cell without the backticks. */
function rowsUnder(heading: string): string[][] {
  const section = text.split(/^## /m).find((one) => one.startsWith(heading)) ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .map((cell) => cell.trim())
        .slice(1, -1),
    )
    .map(([first = '', ...rest]) => [first.replaceAll('`', ''), ...rest]);
}

const BREAKER: Record<EndingRule['breaker'], string> = {
  success: 'success',
  failure: 'failure',
  open: 'opens at once',
  cool_down: 'rest',
  disable: 'disabled',
  neither: '–',
};
const NEXT: Partial<Record<string, string>> = {
  context_length: 'larger window',
  stream_after_token: 'no; any if nothing was sent',
};

test('the table of endings is the one the program works by', () => {
  const documented = rowsUnder('Endings');
  expect(documented.map(([ending]) => ending)).toEqual(Object.keys(ENDINGS));
  for (const [ending = '', , answer, next, breaker, learnt] of documented) {
    const rule: EndingRule = ENDINGS[ending as keyof typeof ENDINGS];
    const said =
      ending === 'completed' ? 'the answer' : rule.status === 0 ? '–' : `${rule.status} \`${rule.code}\``;
    expect(answer, ending).toBe(ending === 'client_fault' ? 'its own, `invalid_request`' : said);
    expect(next, ending).toBe(NEXT[ending] ?? rule.next.replace('_', ' '));
    expect(breaker, ending).toBe(BREAKER[rule.breaker]);
    expect(learnt, ending).toBe(rule.learnt);
  }
});

test('every code that an ending can give is explained, with its status', () => {
  const codeToStatus = new Map(
    rowsUnder('What your client sees').map(([code = '', status = '']) => [code, status]),
  );
  for (const [ending, { code, status }] of Object.entries(ENDINGS)) {
    if (code !== '') expect(codeToStatus.get(code), ending).toContain(String(status));
  }
});

test('every code that stands in the program is explained', () => {
  const SOURCE = join(import.meta.dirname, '../../src');
  const sources = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
    .filter((name) => /^(core\/outcome|gateway|http|store)\/.*\.ts$/.test(name))
    .map((name) => readFileSync(join(SOURCE, name), 'utf8'))
    .join('\n');
  const codes = [
    ...sources.matchAll(/\bcode: '([a-z_]+)'/g),
    // Behind the message and the parameter, which often is `null`.
    ...sources.matchAll(/(?:null|'|\w|\)),\s*'(invalid_\w+|unknown_\w+|too_\w+|duplicate_\w+)',?\s*\)/g),
  ].map(([, code = '']) => code);
  expect(codes).toEqual(
    expect.arrayContaining(['too_deep', 'unknown_option', 'invalid_feedback', 'upstream_error']),
  );
  const explained = new Set([...text.matchAll(/`([a-z_]+)`/g)].map(([, code]) => code));
  // Never reaches a client: its request gets another id.
  expect(new Set(codes.filter((code) => !explained.has(code)))).toEqual(new Set(['duplicate_request_id']));
});
