import { randomFillSync } from 'node:crypto';

const pool = Buffer.alloc(16 * 256);
let at = pool.length;

/** A UUIDv4, drawn from a pool so that a benchmark does not spend its time on them. */
export function newUuid(): string {
  if (at >= pool.length) {
    randomFillSync(pool);
    at = 0;
  }
  const hex = pool.toString('hex', at, at + 16);
  at += 16;
  const variant = ((Number.parseInt(hex[16] ?? '0', 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}
