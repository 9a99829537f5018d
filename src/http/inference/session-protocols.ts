import type { IncomingMessage } from 'node:http';

/** Browsers can set no headers on a WebSocket: OpenAI takes the key as one of the subprotocols, and so do we. */
const KEY_PREFIX = 'openai-insecure-api-key.';
const BETA_PREFIX = 'openai-beta.';

/** Puts what the subprotocols say where headers say it. A header that is there as well counts. */
export function readProtocols({ headers }: Pick<IncomingMessage, 'headers'>): void {
  for (const protocol of protocolsOf(headers['sec-websocket-protocol'])) {
    if (protocol.startsWith(KEY_PREFIX)) {
      headers.authorization ??= `Bearer ${protocol.slice(KEY_PREFIX.length)}`;
    } else if (protocol.startsWith(BETA_PREFIX)) {
      // `openai-beta.realtime-v1`
      headers['openai-beta'] ??= protocol.slice(BETA_PREFIX.length).replace(/-(?=v\d)/, '=');
    }
  }
}

/** The one that is answered with: `realtime`, or the first that is neither a key nor a version; never a key. */
export function chooseProtocol(offered: ReadonlySet<string>): string | false {
  if (offered.has('realtime')) return 'realtime';
  for (const protocol of offered) {
    if (!protocol.startsWith(KEY_PREFIX) && !protocol.startsWith(BETA_PREFIX)) return protocol;
  }
  return false;
}

function protocolsOf(header: string | undefined): string[] {
  return (header ?? '')
    .split(',')
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== '');
}
