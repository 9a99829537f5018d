import { scanJson, withMembers } from '../../core/wire/json-members.ts';

const LINE_FEED = 0x0a;
const SPACE = 0x20;
const START = Buffer.from('data: ');
const END = Buffer.from('\n\n');

/**
 * A chunk's event again with `"usage": null`, the rest of its data as it came.
 *
 * @param data a JSON object, perhaps over several lines: then on one, as line feeds stand only between its members.
 */
export function withoutUsage(data: Buffer): Buffer {
  const event = Buffer.concat([START, withMembers(data, scanJson(data).members, { usage: 'null' }), END]);
  for (let i = START.length; i < event.length - END.length; i++) if (event[i] === LINE_FEED) event[i] = SPACE;
  return event;
}
