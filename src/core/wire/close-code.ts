/**
 * A close code as it may be sent on (RFC 6455, 7.4); undefined for those that only tell what happened here: no code at all
 * (1005), a connection that broke (1006, 1015).
 */
export function sendableCloseCode(code: number): number | undefined {
  const isOfProtocol = code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
  return isOfProtocol || (code >= 3000 && code <= 4999) ? code : undefined;
}

/** What a peer that closes a session says by its code. */
export type CloseMeaning = 'done' | 'refused' | 'broken';

/** 1000, 1001 and no code are an end like any other; what the other side is blamed for is a refusal; the rest is a failure. */
export function meaningOfClose(code: number): CloseMeaning {
  if (code === 1000 || code === 1001 || code === 1005) return 'done';
  if (code === 1002 || code === 1003 || (code >= 1007 && code <= 1010) || code >= 3000) return 'refused';
  return 'broken';
}
