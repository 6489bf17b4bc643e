import ipaddr from 'ipaddr.js';

/** Names of this machine and of networks that are nobody's business outside. */
const innerName = /(^|\.)(localhost|local|internal|intranet|lan|home\.arpa)$/i;

/**
 * Why events may not be sent to this address; undefined where they may. A name is judged again by what it resolves to,
 * when something is sent: this keeps out what is plainly inside.
 */
export function webhookFault(text: string, allowPrivate: boolean): string | undefined {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    return 'must be an address that begins with https:// or http://';
  if (url.username !== '' || url.password !== '')
    return 'must hold no user and password: what is sent is signed instead';
  if (url.hash !== '') return 'must hold no #fragment: it would never be sent';
  if (allowPrivate) return undefined;
  // URL has made 0x7f.1 and the like 127.0.0.1 already.
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  const address = ipaddr.isValid(host) ? ipaddr.process(host) : undefined;
  const inside = address === undefined ? innerName.test(host) || !host.includes('.') : !isPublic(address);
  return inside ? 'is inside a private network, where events are not sent' : undefined;
}

function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return address.range() === 'unicast';
}
