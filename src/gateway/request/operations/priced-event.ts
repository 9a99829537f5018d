import { isObject } from '../../../core/wire/json-value.ts';
import { renameOf } from '../answer-body.ts';
import type { EndedStream } from '../operation.ts';
import { jsonWithAdditions } from './json-operation.ts';

const LINE_FEED = 0x0a;
const SPACE = 0x20;
const END = Buffer.from('\n\n');

/**
 * The last event of a stream whose events have types, as the provider sent it and with the price in its `usage`; one
 * without usage goes out as it came.
 */
export function pricedEvent({ candidate, progress, costMicroUsd, metadata }: EndedStream): Buffer | string {
  const { lastEvent, lastChunk } = progress;
  if (lastEvent === undefined) return '';
  const json = lastChunk ?? {};
  const body = Buffer.from(lastEvent.data);
  // Lines that came joined: line feeds stand only between members.
  for (let at = body.indexOf(LINE_FEED); at >= 0; at = body.indexOf(LINE_FEED, at)) body[at] = SPACE;
  const said = isObject(json.usage) ? json.usage : undefined;
  const data = jsonWithAdditions({ body, json }, said, {
    costMicroUsd,
    rename: renameOf(candidate),
    metadata,
  });
  return Buffer.concat([lastEvent.head, data, END]);
}
