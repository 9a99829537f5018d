import { endOfString } from './json-members.ts';

const QUOTE = 0x22;
const COLON = 0x3a;
const DATA = Buffer.from('data:');

/**
 * Changes the value of one top-level member in the JSON objects of server-sent events, where it is a certain text;
 * every other byte stays. The same name further inside belongs to somebody else: arguments of a tool, echoes.
 *
 * @returns a function of whole events. A value that the sender spelt with escapes of its own is not found.
 */
export function replacerInEvents(change: {
  readonly member: string;
  readonly from: string;
  readonly to: string;
}): (events: Buffer) => Buffer {
  const name = Buffer.from(JSON.stringify(change.member));
  const from = Buffer.from(JSON.stringify(change.from));
  const to = Buffer.from(JSON.stringify(change.to));
  return (events) => {
    let found = events.indexOf(from);
    if (found < 0) return events;
    const parts: Buffer[] = [];
    let copied = 0;
    const depthAt = createDepthGauge(events);
    for (; found >= 0; found = events.indexOf(from, found + from.length)) {
      if (!isValueOf(name, events, found) || depthAt(found) !== 1) continue;
      parts.push(events.subarray(copied, found), to);
      copied = found + from.length;
    }
    if (copied === 0) return events;
    parts.push(events.subarray(copied));
    return Buffer.concat(parts);
  };
}

function isValueOf(name: Buffer, bytes: Buffer, valueStart: number): boolean {
  let end = endBeforeBlanks(bytes, valueStart);
  if (bytes[end - 1] !== COLON) return false;
  end = endBeforeBlanks(bytes, end - 1);
  return end >= name.length && bytes.subarray(end - name.length, end).equals(name);
}

function endBeforeBlanks(bytes: Buffer, end: number): number {
  let at = end;
  while (at > 0 && (bytes[at - 1] === 0x20 || bytes[at - 1] === 0x09)) at--;
  return at;
}

/** How deep in objects and lists a place stands; to be asked in rising order, as it walks over the events but once. */
function createDepthGauge(events: Buffer): (place: number) => number {
  let depth = 0;
  let i = 0;
  let isLineStart = true;
  return (place) => {
    while (i < place) {
      const byte = events[i] ?? 0;
      if (byte === 0x0a || byte === 0x0d) {
        // A blank line: the next event owes nothing to this one, even if it was not balanced.
        if (isLineStart) depth = 0;
        isLineStart = true;
        i += byte === 0x0d && events[i + 1] === 0x0a ? 2 : 1;
        continue;
      }
      if (isLineStart && !startsWith(DATA, events, i)) {
        while (i < place && events[i] !== 0x0a && events[i] !== 0x0d) i++;
        continue;
      }
      isLineStart = false;
      if (byte === QUOTE) i = endOfString(events, i);
      else if (byte === 0x7b || byte === 0x5b) depth++;
      else if (byte === 0x7d || byte === 0x5d) depth--;
      i++;
    }
    return depth;
  };
}

function startsWith(start: Buffer, bytes: Buffer, at: number): boolean {
  for (let i = 0; i < start.length; i++) if (bytes[at + i] !== start[i]) return false;
  return true;
}
