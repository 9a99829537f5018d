import { badRequest } from '../../core/outcome/gateway-error.ts';

/** Where a page ended in a list that is sorted by a number, then by a name: the next one goes on behind it, whatever came since. */
export type PagePlace = readonly [number: number, name: string];

/** As `next_cursor` says it. */
export function encodePlace([number, name]: PagePlace): string {
  return `${number}.${Buffer.from(name).toString('base64url')}`;
}

/** @throws GatewayError 400 for what no answer said */
export function readPlace(text: string, param = 'cursor'): PagePlace {
  const [, number, name] = /^(\d{1,15})\.([A-Za-z0-9_-]{1,512})$/.exec(text) ?? [];
  if (number !== undefined && name !== undefined) {
    return [Number(number), Buffer.from(name, 'base64url').toString('utf8')];
  }
  throw badRequest(`'${param}' must be what an answer said in 'next_cursor'.`, param);
}
