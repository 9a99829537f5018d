import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { findKeyLines } from '../../src/config/key-lines.ts';

/** Every path of `toml` with the line that each key says in its value is its own. */
function expectLines(toml: string, expected: [(string | number)[], number][]): void {
  parse(toml); // the scanner only promises anything for valid files
  const lineOf = findKeyLines(toml);
  expect(expected.map(([path]) => [path, lineOf(path)])).toEqual(expected);
}

describe('findKeyLines', () => {
  it('finds keys below their table, quoted and dotted ones too', () => {
    expectLines(
      [
        'top = 1',
        '',
        '# [not.a.table]',
        '[a]',
        'b = 2',
        '"c.d" = 3',
        "'e#f' = 4",
        'g.h = 5',
        '[a."i j".k]',
        'l = 6',
      ].join('\n'),
      [
        [['top'], 1],
        [['a'], 4],
        [['a', 'b'], 5],
        [['a', 'c.d'], 6],
        [['a', 'e#f'], 7],
        [['a', 'g', 'h'], 8],
        [['a', 'i j', 'k', 'l'], 10],
      ],
    );
  });

  it('looks into inline tables and arrays over several lines', () => {
    expectLines(
      ['list = [ { x = 1 }, # ] }', '  { x = 2, y = { z = 3 } },', '  [4,', '   5] ]', 'after = 6'].join(
        '\n',
      ),
      [
        [['list', 0, 'x'], 1],
        [['list', 1, 'x'], 2],
        [['list', 1, 'y', 'z'], 2],
        [['list', 2, 0], 3],
        [['list', 2, 1], 4],
        [['after'], 5],
      ],
    );
  });

  it('counts lines inside of multi-line strings and reads no keys there', () => {
    expectLines(
      [
        'a = """',
        'b = 1',
        '[c]',
        '\\""" quoted""""',
        "d = '''",
        "e = '' 1''''",
        'f = "[g] # \\" = "',
        "h = 'C:\\'",
        'i = 1979-05-27T07:32:00Z',
      ].join('\n'),
      [
        [['a'], 1],
        [['d'], 5],
        [['f'], 7],
        [['h'], 8],
        [['i'], 9],
      ],
    );
    expect(findKeyLines('a = """\nb = 1\n"""')(['b'])).toBeUndefined();
  });

  it('tells the elements of an array of tables apart', () => {
    expectLines(['[[s]]', 'n = 1', '[s.t]', 'm = 1', '[[s]]', 'n = 2', '[s.t]', 'm = 2'].join('\n'), [
      [['s', 0, 'n'], 2],
      [['s', 0, 't', 'm'], 4],
      [['s', 1], 5],
      [['s', 1, 't', 'm'], 8],
    ]);
  });

  it('counts CRLF files alike', () => {
    expectLines('a = 1\r\n\r\n[b]\r\nc = true\r\n', [
      [['b'], 3],
      [['b', 'c'], 4],
    ]);
  });

  it('gives the nearest parent of a key that is missing, and nothing without one', () => {
    const lineOf = findKeyLines('[a.b]\nc = 1');
    expect(lineOf(['a', 'b', 'missing', 'too'])).toBe(1);
    expect(lineOf(['z'])).toBeUndefined();
  });

  it('prefers the header of a table to one of its children that came first', () => {
    const lineOf = findKeyLines('[a.b]\nc = 1\n[a]\nd = 1');
    expect(lineOf(['a'])).toBe(3);
  });
});
