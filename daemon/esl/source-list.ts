import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';

/**
 * Who may open event sockets: whoever does commands a call. Names are resolved once, at the start; one that cannot be
 * resolved is named in `unresolved` and lets nobody in.
 */
export class SourceList {
  readonly #list = new BlockList();
  readonly unresolved: string[] = [];

  /** `sources`: IP addresses, networks as `10.0.0.0/24`, host names. */
  static async from(sources: readonly string[]): Promise<SourceList> {
    const list = new SourceList();
    for (const source of sources) await list.#add(source);
    return list;
  }

  /** `address`: as the socket tells it; IPv4 within IPv6 (`::ffff:10.0.0.1`) counts as IPv4. */
  allows(address: string): boolean {
    const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
    const family = isIP(mapped);
    return family !== 0 && this.#list.check(mapped, family === 6 ? 'ipv6' : 'ipv4');
  }

  async #add(source: string): Promise<void> {
    const [address = '', bits] = source.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits !== undefined) this.#list.addSubnet(address, Number(bits), family);
    else if (isIP(address) !== 0) this.#list.addAddress(address, family);
    else {
      const found = await lookup(source, { all: true }).catch(() => []);
      if (found.length === 0) this.unresolved.push(source);
      for (const one of found) this.#list.addAddress(one.address, one.family === 6 ? 'ipv6' : 'ipv4');
    }
  }
}
