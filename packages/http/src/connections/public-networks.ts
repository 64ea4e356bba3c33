import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';

/** A connection that was not made, since the address is not public. */
export class BlockedAddress extends Error {
  readonly host: string;
  readonly address: string;

  constructor(host: string, address: string) {
    super(host === address ? `${address} is not a public address` : `${host} is ${address}, which is not public`);
    this.host = host;
    this.address = address;
  }
}

/**
 * What IANA lists as not globally reachable, and what leads there: transition addresses with an IPv4 address in them.
 *
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry/
 * @see https://www.iana.org/assignments/iana-ipv6-special-registry/
 */
const special4 = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  special4.addSubnet(network, prefix, 'ipv4');
}
/** Apart, since a list takes an IPv4 address for its mapped one. All but 2000::/3, which is what is public, and of that what is not. */
const special6 = new BlockList();
for (const [network, prefix] of [
  ['::', 3],
  ['4000::', 2],
  ['8000::', 1],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  special6.addSubnet(network, prefix, 'ipv6');
}

export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  return family === 4 ? !special4.check(address) : family === 6 && !special6.check(address, 'ipv6');
}

/** Looks a name up as usual, and fails when any of its addresses is not public: one would be enough for an attack. */
const lookupPublic: LookupFunction = (host, options, callback) => {
  lookup(host, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, '');
    const blocked = addresses.find(({ address }) => !isPublicAddress(address));
    if (blocked) return callback(new BlockedAddress(host, blocked.address), '');
    const [first] = addresses;
    if (options.all === true) callback(null, addresses);
    else callback(null, first?.address ?? '', first?.family);
  });
};

/** The addresses that are looked at are those that are connected to: none can change in between. */
export function connectPublic(options: buildConnector.BuildOptions): buildConnector.connector {
  const connect = buildConnector({ ...options, lookup: lookupPublic });
  return (target, callback) => {
    const host = target.hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) === 0 || isPublicAddress(host)) return connect(target, callback);
    callback(new BlockedAddress(host, host), null);
  };
}
