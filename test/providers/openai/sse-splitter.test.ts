import { describe, expect, test } from 'vitest';
import { createRandom } from '../../../src/core/learning/random.ts';
import { type EventFate, SseSplitter } from '../../../src/providers/openai/sse-splitter.ts';

interface Seen {
  /** The data of each event; `''` for one without. */
  readonly events: string[];
  readonly forwarded: string;
}

/** What comes out when `bytes` arrive in these pieces. */
function split(pieces: readonly Buffer[], fateOf: (data: string) => EventFate = () => 'forward'): Seen {
  const events: string[] = [];
  let forwarded = '';
  const splitter = new SseSplitter({
    inspect(bytes, start, end) {
      const data = bytes.toString('utf8', start, end);
      events.push(data);
      return fateOf(data);
    },
    forward(run) {
      forwarded += run.toString('latin1');
    },
  });
  for (const piece of pieces) splitter.push(piece);
  splitter.end();
  return { events, forwarded: Buffer.from(forwarded, 'latin1').toString('utf8') };
}

/** The bytes cut at random places, often enough to meet every border there is. */
function cut(bytes: Buffer, seed: number): Buffer[] {
  const random = createRandom(seed);
  const meanSize = [1, 2, 3, 7, 40, 400][seed % 6] ?? 1;
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + Math.floor(random() * 2 * meanSize);
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

const TEXTS: Readonly<Record<string, { text: string; events: string[] }>> = {
  'plain events': {
    text: 'data: {"a":1}\n\ndata: {"b":2}\n\ndata: [DONE]\n\n',
    events: ['{"a":1}', '{"b":2}', '[DONE]'],
  },
  CRLF: {
    text: 'data: {"a":1}\r\n\r\ndata: {"b":2}\r\n\r\ndata: [DONE]\r\n\r\n',
    events: ['{"a":1}', '{"b":2}', '[DONE]'],
  },
  CR: {
    text: 'data: {"a":1}\r\rdata: {"b":2}\r\r: ping\r\rdata: x\rdata: y\r\rdata: [DONE]\r\r',
    events: ['{"a":1}', '{"b":2}', 'x\ny', '[DONE]'],
  },
  'line ends that change': {
    text: 'data: one\r\n\ndata: two\n\r\ndata: three\n\n',
    events: ['one', 'two', 'three'],
  },
  'line ends that change, CR among them': {
    text: 'data: one\r\n\rdata: two\n\rdata: three\r\r\ndata: four\r\rdata: five\n\n',
    events: ['one', 'two', 'three', 'four', 'five'],
  },
  'a byte order mark': { text: '\uFEFFdata: first\n\ndata: second\n\n', events: ['first', 'second'] },
  'comments and heartbeats': {
    text: ': hello\n\ndata: one\n\n: ping\n\n: ping\n\n: in the event\ndata: two\n\n',
    events: ['', 'one', '', '', 'two'],
  },
  'other fields': {
    text: 'event: message\nid: 7\ndata: one\nretry: 10\n\ndatabase: none\n\nid: 8\n\n',
    events: ['one', '', ''],
  },
  'data of several lines': {
    text: 'data: {"a":\ndata: 1}\n\ndata: x\r\ndata: y\r\ndata:z\r\n\r\n',
    events: ['{"a":\n1}', 'x\ny\nz'],
  },
  'no space, more than one, none of it': {
    text: 'data:tight\n\ndata:  two\n\ndata:\n\ndata: \n\n',
    events: ['tight', ' two', '', ''],
  },
  'characters of several bytes': {
    text: 'data: Grüße, 世界 👋\n\ndata: 🤷🏽‍♀️ é\n\n',
    events: ['Grüße, 世界 👋', '🤷🏽‍♀️ é'],
  },
  'an end without its blank line': { text: 'data: one\n\ndata: last', events: ['one', 'last'] },
  'an end with half of it': { text: 'data: one\r\n\r\ndata: last\r\n', events: ['one', 'last', ''] },
  'empty lines before and between': {
    text: '\n\r\n\ndata: one\n\n\n\n',
    events: ['', '', '', 'one', '', ''],
  },
};

describe('however the bytes are cut, the events are the same', () => {
  test.each(Object.entries(TEXTS))('%s', (_name, { text, events }) => {
    const bytes = Buffer.from(text);
    const whole = split([bytes]);
    expect(whole.events.filter((data) => data !== '')).toEqual(events.filter((data) => data !== ''));
    for (let seed = 0; seed < 300; seed++) expect(split(cut(bytes, seed))).toEqual(whole);
    // Every single border.
    for (let at = 1; at < bytes.length; at++) {
      expect(split([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(whole);
    }
  });

  test('streams put together at random', () => {
    for (let seed = 0; seed < 200; seed++) {
      const random = createRandom(seed + 1_000);
      const parts = Array.from({ length: 12 }, () => {
        const all = Object.values(TEXTS).filter(
          ({ text }) => text.endsWith('\n\n') && !text.startsWith('\uFEFF'),
        );
        return all[Math.floor(random() * all.length)] ?? { text: '', events: [] };
      });
      const bytes = Buffer.from(parts.map(({ text }) => text).join(''));
      const seen = split(cut(bytes, seed));
      const said = parts.flatMap(({ events }) => events).filter((data) => data !== '');
      expect(seen.events.filter((data) => data !== '')).toEqual(said);
      expect(seen.forwarded).toBe(bytes.toString());
    }
  });
});

describe('the bytes', () => {
  test('go on exactly as they came, but for the byte order mark', () => {
    for (const { text } of Object.values(TEXTS)) {
      const { forwarded } = split([Buffer.from(text)]);
      const came = text.replace(/^\uFEFF/, '');
      expect(forwarded.startsWith(came)).toBe(true);
      // An event that lacked its blank line gets one: what comes after it would else be a part of it.
      expect(forwarded.slice(came.length)).toMatch(/^\n*$/);
    }
  });

  test('of an event that is withheld, and only of that one, are left out', () => {
    const text = 'data: one\n\n: ping\n\ndata: usage\n\ndata: two\n\n';
    const fate = (data: string): EventFate => (data === 'usage' || data === '' ? 'withhold' : 'forward');
    for (let seed = 0; seed < 100; seed++) {
      expect(split(cut(Buffer.from(text), seed), fate).forwarded).toBe('data: one\n\ndata: two\n\n');
    }
  });

  test('after a stop are not looked at', () => {
    const text = 'data: one\n\ndata: [DONE]\n\ndata: two\n\nnonsense';
    const fate = (data: string): EventFate => (data === '[DONE]' ? 'stop' : 'forward');
    for (let seed = 0; seed < 100; seed++) {
      const seen = split(cut(Buffer.from(text), seed), fate);
      expect(seen).toEqual({ events: ['one', '[DONE]'], forwarded: 'data: one\n\n' });
    }
  });
});

test('an event of 12 MB in small pieces is joined once, not once for each piece', () => {
  const image = `data: ${'A'.repeat(12_000_000)}\n\n`;
  const bytes = Buffer.from(image);
  const pieces = Array.from({ length: Math.ceil(bytes.length / 1_000) }, (_, index) =>
    bytes.subarray(index * 1_000, (index + 1) * 1_000),
  );
  const beganMs = performance.now();
  const { events } = split(pieces);
  expect(events.map((data) => data.length)).toEqual([12_000_000]);
  // Joined for each piece this copies 72 GB.
  expect(performance.now() - beganMs).toBeLessThan(5_000);
});

test('an event that ends in CR is told of at once, not with the next one', () => {
  const events: string[] = [];
  const splitter = new SseSplitter({
    inspect(bytes, start, end) {
      events.push(bytes.toString('utf8', start, end));
      return 'forward';
    },
    forward: () => {},
  });
  splitter.push(Buffer.from('data: one\r\r'));
  expect(events).toEqual(['one']);
  splitter.push(Buffer.from('data: two\r'));
  expect(events).toEqual(['one']);
  splitter.push(Buffer.from('\r'));
  expect(events).toEqual(['one', 'two']);
});

test.each(['\n', '\r'])('a chunk of many lines that end in %j is searched once for the other end', (end) => {
  const bytes = Buffer.from(`data: a${end}${end}`.repeat(500_000));
  const beganMs = performance.now();
  expect(split([bytes]).events).toHaveLength(500_000);
  // Searched to its end for each line this reads 4,000 GB.
  expect(performance.now() - beganMs).toBeLessThan(10_000);
});

test('says how much of an unfinished event it holds', () => {
  const splitter = new SseSplitter({ inspect: () => 'forward', forward: () => {} });
  splitter.push(Buffer.from('data: one\n\ndata: tw'));
  expect(splitter.pendingBytes).toBe(8);
  splitter.push(Buffer.from('o'));
  expect(splitter.pendingBytes).toBe(9);
  splitter.push(Buffer.from('\n\n'));
  expect(splitter.pendingBytes).toBe(0);
});
