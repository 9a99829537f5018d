import { BlockList, isIP, isIPv4 } from 'node:net';

/**
 * @param ranges IP addresses and CIDR blocks; what is neither matches nobody.
 * @returns whether an address lies in one of them. An IPv4 address that an IPv6 socket shows (`::ffff:192.0.2.1`) is
 *   the IPv4 address; the zone of a link-local one (`%eth0`) is passed over.
 */
export function matchAddresses(ranges: readonly string[]): (address: string | undefined) => boolean {
  const list = new BlockList();
  for (const text of ranges) {
    const range = readRange(text);
    if (range) list.addSubnet(range.address, range.bits, range.family);
  }
  return (address) => {
    const bare = bareAddress(address ?? '');
    return isIP(bare) !== 0 && list.check(bare, isIPv4(bare) ? 'ipv4' : 'ipv6');
  };
}

/** Some proxies write the port behind an address: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
const WITH_PORT = /^(?:\[([^\]]*)\]|(\d+\.\d+\.\d+\.\d+))(?::\d+)?$/;

function bareAddress(address: string): string {
  const found = WITH_PORT.exec(address);
  const [withoutZone = ''] = (found?.[1] ?? found?.[2] ?? address).split('%', 1);
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(withoutZone)?.[1];
  return mapped ?? withoutZone;
}

function readRange(text: string): { address: string; bits: number; family: 'ipv4' | 'ipv6' } | undefined {
  const [address = '', bitsText, ...more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || address.includes('%') || more.length > 0) return undefined;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const widestBits = version === 4 ? 32 : 128;
  if (bitsText === undefined) return { address, bits: widestBits, family };
  if (!/^\d{1,3}$/.test(bitsText) || Number(bitsText) > widestBits) return undefined;
  return { address, bits: Number(bitsText), family };
}
