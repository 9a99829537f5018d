import { isIP } from 'node:net';

export interface Address {
  readonly host: string;
  /** 0–65535; 0 lets the system choose one. */
  readonly port: number;
  /** Only this machine can reach it. */
  readonly isLoopback: boolean;
}

/** `127.0.0.1:8080`, `localhost:8080`, `[::1]:8080` or `0.0.0.0:80`; undefined when it is none of these. */
export function parseAddress(text: string): Address | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^[\]:\s/]+)):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const [, ipv6, name, portText] = match;
  const port = Number(portText);
  const host = ipv6 ?? name ?? '';
  if (port > 65_535) return undefined;
  if (ipv6 !== undefined && isIP(ipv6) !== 6) return undefined;
  // `300.1.1.1` is no address, and no host name either.
  if (ipv6 === undefined && /^[\d.]+$/.test(host) && isIP(host) !== 4) return undefined;
  return { host, port, isLoopback: isLoopbackHost(host) };
}

/** `host` as URLs (`[::1]`) or addresses (`::1`) spell it. */
export function isLoopbackHost(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  if (bare === 'localhost' || bare.endsWith('.localhost') || bare === '::1') return true;
  return isIP(bare) === 4 && bare.startsWith('127.');
}
