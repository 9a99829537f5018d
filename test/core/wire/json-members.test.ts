import { describe, expect, it } from 'vitest';
import {
  countPairs,
  lastMember,
  scanJson,
  spliced,
  withMembers,
} from '../../../src/core/wire/json-members.ts';

const scan = (text: string) => scanJson(Buffer.from(text));

describe('scanJson', () => {
  it('finds each top-level member with the exact bytes of its value', () => {
    const text = ' { "model" : "auto" ,"n":1,\n"deep":{"a":[1,{"b":"}\\"],"}]}, "e":1e400 , "t":true } ';
    const bytes = Buffer.from(text);
    const values = scanJson(bytes).members.map((m) => [m.name, bytes.toString('utf8', m.valueStart, m.end)]);
    expect(values).toEqual([
      ['model', '"auto"'],
      ['n', '1'],
      ['deep', '{"a":[1,{"b":"}\\"],"}]}'],
      ['e', '1e400'],
      ['t', 'true'],
    ]);
  });

  it('is not fooled by quotes, backslashes and braces in long strings', () => {
    for (const slashes of [0, 1, 2, 3, 4, 25, 26]) {
      const content = `${'x'.repeat(30)}${'\\'.repeat(slashes)}","model":"evil"}`;
      const text = JSON.stringify({ content, model: 'good' });
      const bytes = Buffer.from(text);
      const { members } = scanJson(bytes);
      expect(members.map((m) => m.name)).toEqual(['content', 'model']);
      expect(bytes.toString('utf8', members[1]?.valueStart, members[1]?.end)).toBe('"good"');
    }
  });

  it('counts pairs at every depth, so that a name standing twice shows', () => {
    const once = '{"a":1,"b":{"c":":","d":[{"e":1},{"e":2}]}}';
    expect(scan(once).pairCount).toBe(countPairs(JSON.parse(once)));
    for (const twice of ['{"a":1,"a":2}', '{"b":{"c":1,"c":1}}', '{"a":1,"\\u0061":2}', '[{"x":1,"x":1}]']) {
      expect(scan(twice).pairCount, twice).toBeGreaterThan(countPairs(JSON.parse(twice)));
    }
  });

  it('stops at the depth limit of a text made to be deep', () => {
    expect(scanJson(Buffer.from('['.repeat(400_000)), 64).depth).toBe(65);
    expect(scan('{"a":[[1]]}').depth).toBe(3);
  });

  it('ends on anything that is not JSON', () => {
    for (const text of ['', 'null', '"', '{"a', '{"a":', '}}}', '{"a" "b":', '[1,2', '\\"', '{"\\']) {
      expect(scan(text).members.length).toBeLessThanOrEqual(1);
    }
  });
});

describe('withMembers', () => {
  const change = (text: string, changes: Record<string, string | undefined>) => {
    const bytes = Buffer.from(text);
    return withMembers(bytes, scanJson(bytes).members, changes).toString();
  };

  it('replaces, removes and adds while every other byte stays', () => {
    expect(change('{"model":"auto", "seed":12345678901234567890,"x": 1.0}', { model: '"m"' })).toBe(
      '{"model":"m", "seed":12345678901234567890,"x": 1.0}',
    );
    expect(change('{"a":1,"route":{"x":1},"b":2}', { route: undefined })).toBe('{"a":1,"b":2}');
    expect(change('{"route":1}', { route: undefined })).toBe('{}');
    expect(change('{}', { model: '"m"' })).toBe('{"model":"m"}');
    expect(change('{"a":1}', { stream_options: '{"include_usage":true}' })).toBe(
      '{"a":1,"stream_options":{"include_usage":true}}',
    );
  });

  it('gives valid JSON equal to the edited object for many shapes', () => {
    const names = ['a', 'model', 'route', 'zeta'];
    for (let mask = 0; mask < 16; mask++) {
      const object = Object.fromEntries(
        names.filter((_, i) => mask & (1 << i)).map((n) => [n, { v: [n, '},'] }]),
      );
      const edited = JSON.parse(change(JSON.stringify(object, null, 2), { model: '"m"', route: undefined }));
      const { route: _, ...rest } = object as Record<string, unknown>;
      expect(edited).toEqual({ ...rest, model: 'm' });
    }
  });
});

describe('lastMember', () => {
  const valueIn = (text: string, name = '"usage"') => {
    const bytes = Buffer.from(text);
    const place = lastMember(bytes, name);
    return place && bytes.toString('utf8', place.valueStart, place.end);
  };

  it('finds a member of the outermost object from the end', () => {
    expect(valueIn('{"a":1,"usage":{"x":[1,"}"]}, "b":"\\"}"}\n')).toBe('{"x":[1,"}"]}');
    expect(valueIn('{"usage" : null }')).toBe('null');
    expect(valueIn('{"usage":1,"usage": 2 ,"c":[{}]}')).toBe('2');
  });

  it.each([
    '{"a":{"usage":1}}',
    '{"a":[{"usage":1}],"b":2}',
    '{"usage":1,"a":{"usage":2}}',
    '{"a":"usage"}',
    '{"a":["usage"]}',
    '{"a":"\\"usage\\":1"}',
    // A name that ends like it: its first quote is escaped, its last is not.
    '{"usage":1,"a\\"usage":2}',
    '{}',
    '[{"usage":1}]',
    '{"usage"',
    '{"usage":',
    '{"usage":1',
  ])('says nothing of %s', (text) => {
    expect(valueIn(text)).toBeUndefined();
  });

  it('agrees with the whole scan wherever it answers', () => {
    const values = ['1', '"usage"', '{"usage":2}', '[1,{"a":"}"}]', 'null', '"\\\\"', '"x\\"usage\\":3"'];
    for (const before of values) {
      for (const own of values) {
        for (const after of values) {
          const text = `{"before":${before},"usage":${own} ,"after":${after}}`;
          const bytes = Buffer.from(text);
          const place = lastMember(bytes, '"usage"');
          const member = scanJson(bytes).members[1];
          if (place !== undefined)
            expect([place.valueStart, place.end]).toEqual([member?.valueStart, member?.end]);
          else expect(own + after).toContain('"usage"');
        }
      }
    }
  });
});

it('spliced replaces bytes, whatever their number, and leaves the original alone', () => {
  const bytes = Buffer.from('{"a":"é","b":1}');
  expect(spliced(bytes, 5, 9, '"ẞß"').toString()).toBe('{"a":"ẞß","b":1}');
  expect(spliced(bytes, 5, 9, '').toString()).toBe('{"a":,"b":1}');
  expect(bytes.toString()).toBe('{"a":"é","b":1}');
});
