import { IncomingMessage } from 'node:http';

/** Where a WebSocket is spoken. */
export const REALTIME_PATH = '/v1/realtime';

/**
 * A request that lets node take its connection out of HTTP only where a WebSocket is spoken. Node asks `upgrade` of every
 * request as soon as anybody listens for upgrades, and reads no body of those that wish for one: clients that offer
 * HTTP/2 with each request (`Upgrade: h2c`, as Java's do) would send their prompts into the void.
 */
export class UpgradeMessage extends IncomingMessage {
  /** What the parser found; set by node, also while the request is being made. */
  declare wishesUpgrade: boolean | null;

  get upgrade(): boolean | null {
    if (this.wishesUpgrade !== true) return this.wishesUpgrade;
    // A tunnel is refused where node tells of it.
    if (this.method === 'CONNECT') return true;
    return this.method === 'GET' && isRealtime(this.url) && isWebSocket(this.headers.upgrade);
  }

  set upgrade(value: boolean | null) {
    this.wishesUpgrade = value;
  }
}

function isRealtime(url = ''): boolean {
  return url === REALTIME_PATH || url.startsWith(`${REALTIME_PATH}?`);
}

function isWebSocket(upgrade: string | undefined): boolean {
  return upgrade?.toLowerCase() === 'websocket';
}
