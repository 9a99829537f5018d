import type { KeyPath } from './key-path.ts';

/**
 * Where each key of a TOML file stands. The parser gives values without positions, so this walks the text a second
 * time and reads keys only. It relies on the parser having accepted the text: it never reports an error itself.
 *
 * The returned function gives the 1-based line of a key, of its nearest parent when the key itself is not in the
 * file (a missing one), and undefined when not even that is there.
 */
export function findKeyLines(toml: string): (path: KeyPath) => number | undefined {
  const pathToLine = new Map<string, number>();
  const arrayToLastIndex = new Map<string, number>();
  let position = 0;
  let line = 1;
  let table: KeyPath = [];

  while (skipBlank() < toml.length) {
    if (toml[position] === '[') readHeader();
    else readAssignment(table);
  }
  return (path) => {
    for (let length = path.length; length > 0; length--) {
      const found = pathToLine.get(JSON.stringify(path.slice(0, length)));
      if (found !== undefined) return found;
    }
    return undefined;
  };

  function readHeader(): void {
    const isArray = toml.startsWith('[[', position);
    position += isArray ? 2 : 1;
    const keys = readKeys(']');
    position += isArray ? 2 : 1;
    table = [];
    keys.forEach((key, depth) => {
      table = [...table, key];
      const id = JSON.stringify(table);
      const last = arrayToLastIndex.get(id);
      const isLastKey = depth === keys.length - 1;
      if (isArray && isLastKey) arrayToLastIndex.set(id, last === undefined ? 0 : last + 1);
      mark(table, isLastKey);
      // `[a.b]` below `[[a]]` speaks about the newest element of `a`.
      const index = arrayToLastIndex.get(id);
      if (index !== undefined) table = [...table, index];
      mark(table, isLastKey);
    });
  }

  function readAssignment(parent: KeyPath): void {
    let path = parent;
    for (const key of readKeys('=')) {
      path = [...path, key];
      mark(path, false);
    }
    position++;
    readValue(path);
  }

  function readValue(path: KeyPath): void {
    skipBlank();
    const first = toml[position];
    if (first === '{') readList('}', () => readAssignment(path));
    else if (first === '[') {
      let index = 0;
      readList(']', () => {
        mark([...path, index], false);
        readValue([...path, index]);
        index++;
      });
    } else if (first === '"' || first === "'") readString();
    else while (position < toml.length && !/[,\]}#\n]/.test(toml[position] ?? '')) position++;
  }

  function readList(close: string, readElement: () => void): void {
    position++;
    while (skipBlank() < toml.length && toml[position] !== close) {
      const start = position;
      if (toml[position] !== ',') readElement();
      if (toml[position] === ',' || position === start) position++;
    }
    position++;
  }

  /** Dotted keys up to, not including, `end`. */
  function readKeys(end: string): string[] {
    const keys: string[] = [];
    while (skipBlank() < toml.length && toml[position] !== end) {
      if (toml[position] === '.') position++;
      else if (toml[position] === '"' || toml[position] === "'") keys.push(readString());
      else {
        const start = position;
        while (/[A-Za-z0-9_-]/.test(toml[position] ?? '')) position++;
        keys.push(toml.slice(start, position));
        // Anything unforeseen is stepped over: a wrong line number is better than a loop without end.
        if (position === start) position++;
      }
    }
    return keys;
  }

  function readString(): string {
    const quote = toml[position] ?? '';
    const isMultiline = toml.startsWith(quote.repeat(3), position);
    const fence = isMultiline ? quote.repeat(3) : quote;
    const start = position;
    position += fence.length;
    while (position < toml.length && !toml.startsWith(fence, position)) {
      if (toml[position] === '\\' && quote === '"') position++;
      if (toml[position] === '\n') line++;
      position++;
    }
    position += fence.length;
    // A multi-line string may end in one or two quotes of its own, before the fence.
    while (isMultiline && toml[position] === quote) position++;
    return isMultiline ? '' : unquote(toml.slice(start, position), quote);
  }

  /** Past white space, line ends and comments; gives the new position. */
  function skipBlank(): number {
    for (; position < toml.length; position++) {
      if (toml[position] === '\n') line++;
      else if (toml[position] === '#') {
        while (position + 1 < toml.length && toml[position + 1] !== '\n') position++;
      } else if (!/\s/.test(toml[position] ?? '')) break;
    }
    return position;
  }

  /** The first mention of a path is its line, except that a table's own header beats an earlier `[table.child]`. */
  function mark(path: KeyPath, isOwnHeader: boolean): void {
    const id = JSON.stringify(path);
    if (isOwnHeader || !pathToLine.has(id)) pathToLine.set(id, line);
  }
}

function unquote(text: string, quote: string): string {
  if (quote === "'") return text.slice(1, -1);
  try {
    // TOML's basic strings are JSON's, but for a few escapes that no sensible key has.
    return String(JSON.parse(text));
  } catch {
    return text.slice(1, -1);
  }
}
