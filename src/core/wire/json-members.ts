/**
 * Where the top-level members of a JSON object stand in its bytes, so that one value can be replaced and the rest
 * passes on exactly as it came: numbers keep their digits, unknown fields their spelling.
 */
export interface JsonScan {
  /** Members of the outermost object in order; empty when the text is not an object. */
  readonly members: readonly JsonMember[];
  /** Name–value pairs at every depth, duplicates included. */
  readonly pairCount: number;
  /** Deepest nesting of objects and arrays; scanning stops once it passes `maxDepth`. */
  readonly depth: number;
}

export interface JsonMember {
  readonly name: string;
  /** Byte range of the name with its quotes up to the end of the value. */
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/**
 * One linear pass. Trusts the text to be JSON: on anything else the result is meaningless but the pass still ends.
 * Long strings, most of a prompt's bytes, are skipped by a native search. No closure in here: what one captures is
 * read from memory at every byte.
 */
export function scanJson(bytes: Buffer, maxDepth = Number.POSITIVE_INFINITY): JsonScan {
  const members: JsonMember[] = [];
  const length = bytes.length;
  let depth = 0;
  let deepest = 0;
  let pairCount = 0;
  let isObject = false;
  let nameStart = -1;
  let nameEnd = -1;
  let valueStart = -1;
  let lastMeaningful = -1;

  for (let i = 0; i < length; i++) {
    const byte = bytes[i] as number;
    if (byte <= 0x20) continue;
    switch (byte) {
      case QUOTE: {
        const close = endOfString(bytes, i);
        if (depth === 1 && isObject) {
          if (nameStart < 0) {
            nameStart = i;
            nameEnd = close;
          } else if (valueStart < 0) valueStart = i;
        }
        i = close;
        break;
      }
      case COLON:
        pairCount++;
        continue;
      case COMMA:
        if (depth === 1 && valueStart >= 0) {
          members.push(memberOf(bytes, nameStart, nameEnd, valueStart, lastMeaningful + 1));
          nameStart = -1;
          valueStart = -1;
        }
        continue;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        if (depth === 0) isObject = byte === OPEN_BRACE;
        else if (depth === 1 && nameStart >= 0 && valueStart < 0) valueStart = i;
        depth++;
        if (depth > deepest) {
          deepest = depth;
          if (deepest > maxDepth) return { members, pairCount, depth: deepest };
        }
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        if (depth === 1 && valueStart >= 0) {
          members.push(memberOf(bytes, nameStart, nameEnd, valueStart, lastMeaningful + 1));
          nameStart = -1;
          valueStart = -1;
        }
        depth--;
        break;
      default:
        if (depth === 1 && nameStart >= 0 && valueStart < 0) valueStart = i;
    }
    lastMeaningful = i;
  }
  return { members, pairCount, depth: deepest };
}

function memberOf(
  bytes: Buffer,
  nameStart: number,
  nameEnd: number,
  valueStart: number,
  end: number,
): JsonMember {
  return { name: readName(bytes, nameStart, nameEnd), start: nameStart, valueStart, end };
}

/**
 * The place of a member of the outermost object, looked for from the text's end: only what stands behind it is read. A
 * name with its colon cannot stand inside a string, whose quotes would be escaped, and when nothing but the outermost
 * object ends behind it, it is that object's.
 *
 * @param bytes JSON of an object
 * @param quotedName the name in quotes, which needs no escapes
 * @returns where its value starts and ends; undefined when the last such name belongs to an inner object
 */
export function lastMember(
  bytes: Buffer,
  quotedName: string,
): { readonly valueStart: number; readonly end: number } | undefined {
  const length = bytes.length;
  const at = bytes.lastIndexOf(quotedName);
  // Behind a backslash it is the end of a longer name.
  if (at < 0 || bytes[at - 1] === BACKSLASH) return undefined;
  let i = at + quotedName.length;
  while (i < length && (bytes[i] as number) <= 0x20) i++;
  if (bytes[i] !== COLON) return undefined;
  i++;
  while (i < length && (bytes[i] as number) <= 0x20) i++;
  const valueStart = i;
  let lastMeaningful = i;
  let end = -1;
  let depth = 0;
  for (; i < length; i++) {
    const byte = bytes[i] as number;
    if (byte <= 0x20) continue;
    if (byte === QUOTE) i = endOfString(bytes, i);
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      if (depth === 0) {
        if (end < 0) end = lastMeaningful + 1;
        i++;
        while (i < length && (bytes[i] as number) <= 0x20) i++;
        return i === length ? { valueStart, end } : undefined;
      }
      depth--;
    } else if (byte === COMMA && depth === 0 && end < 0) end = lastMeaningful + 1;
    lastMeaningful = i;
  }
  return undefined;
}

/** The same bytes with those from `start` to `end` replaced. */
export function spliced(bytes: Buffer, start: number, end: number, text: string): Buffer {
  const textBytes = Buffer.byteLength(text);
  const whole = Buffer.allocUnsafe(bytes.length - (end - start) + textBytes);
  bytes.copy(whole, 0, 0, start);
  whole.write(text, start);
  bytes.copy(whole, start + textBytes, end);
  return whole;
}

/** Name–value pairs of a parsed value at every depth: fewer than were written means that some name stood twice. */
export function countPairs(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) count += countPairs(item);
    return count;
  }
  for (const name of Object.keys(value)) {
    count += 1 + countPairs((value as Record<string, unknown>)[name]);
  }
  return count;
}

/**
 * The same object with some members replaced, removed or added; every other byte stays.
 *
 * @param changes name → JSON text of the new value, or `undefined` to remove the member.
 */
export function withMembers(
  bytes: Buffer,
  members: readonly JsonMember[],
  changes: Readonly<Record<string, string | undefined>>,
): Buffer {
  const only = onlyReplaced(members, changes);
  if (only !== undefined) {
    return spliced(bytes, only.valueStart, only.end, changes[only.name] as string);
  }
  const parts: Buffer[] = [OPEN];
  const seen = new Set<string>();
  let runStart = -1;
  let runEnd = -1;
  for (const member of members) {
    if (!Object.hasOwn(changes, member.name)) {
      if (runStart < 0) runStart = member.start;
      runEnd = member.end;
      continue;
    }
    if (runStart >= 0) addPart(parts, bytes.subarray(runStart, runEnd));
    runStart = -1;
    const text = changes[member.name];
    if (text === undefined || seen.has(member.name)) continue;
    seen.add(member.name);
    addPart(parts, Buffer.from(`${JSON.stringify(member.name)}:${text}`));
  }
  if (runStart >= 0) addPart(parts, bytes.subarray(runStart, runEnd));
  for (const name of Object.keys(changes)) {
    const text = changes[name];
    if (text === undefined || seen.has(name)) continue;
    addPart(parts, Buffer.from(`${JSON.stringify(name)}:${text}`));
  }
  parts.push(CLOSE);
  return Buffer.concat(parts);
}

/** The member whose value is all that changes: the usual case, and then nothing else needs to be looked at. */
function onlyReplaced(
  members: readonly JsonMember[],
  changes: Readonly<Record<string, string | undefined>>,
): JsonMember | undefined {
  let only: JsonMember | undefined;
  for (const member of members) {
    if (!Object.hasOwn(changes, member.name)) continue;
    if (only !== undefined || changes[member.name] === undefined) return undefined;
    only = member;
  }
  for (const name in changes) {
    if (changes[name] !== undefined && name !== only?.name) return undefined;
  }
  return only;
}

function addPart(parts: Buffer[], part: Buffer): void {
  if (parts.length > 1) parts.push(SEPARATOR);
  parts.push(part);
}

const OPEN = Buffer.from('{');
const CLOSE = Buffer.from('}');
const SEPARATOR = Buffer.from(',');

/** Where the string that begins at `open` has its closing quote; the last byte where it has none. */
export function endOfString(bytes: Buffer, open: number): number {
  let i = open + 1;
  const near = Math.min(bytes.length, i + 24);
  for (; i < near; i++) {
    const byte = bytes[i];
    if (byte === QUOTE) return i;
    if (byte === BACKSLASH) i++;
  }
  for (;;) {
    const close = bytes.indexOf(QUOTE, i);
    if (close < 0) return bytes.length - 1;
    let slashes = 0;
    while (bytes[close - 1 - slashes] === BACKSLASH && close - 1 - slashes >= i) slashes++;
    if (slashes % 2 === 0) return close;
    i = close + 1;
  }
}

/** Escaped names are rare and go through the real parser. */
function readName(bytes: Buffer, open: number, close: number): string {
  const raw = bytes.toString('utf8', open + 1, close);
  if (!raw.includes('\\')) return raw;
  try {
    return JSON.parse(`"${raw}"`);
  } catch {
    return raw;
  }
}
