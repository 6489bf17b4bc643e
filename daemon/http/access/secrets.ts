import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** SHA-256, hexadecimal: what the database keeps of a long random secret. */
export function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/** Takes the same time for any two texts of one length, and tells no more of others than that they differ. */
export function sameText(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** 256 random bits as 43 characters of a URL. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** An API key as its holder sees it once, and what of it is kept. */
export interface NewKey {
  readonly token: string;
  readonly prefix: string;
  readonly secretHash: string;
}

/** `cf_<prefix>_<secret>`; the prefix, with its `cf_`, names the key in lists and logs. */
export function newKey(): NewKey {
  const prefix = `cf_${randomBytes(6).toString('hex')}`;
  const secret = newSecret();
  return { token: `${prefix}_${secret}`, prefix, secretHash: sha256(secret) };
}

/** The parts of an API key; undefined where the text is none. */
export function keyParts(token: string): { readonly prefix: string; readonly secret: string } | undefined {
  const [, prefix, secret] = /^(cf_[0-9a-f]{12})_([A-Za-z0-9_-]{43})$/.exec(token) ?? [];
  return prefix === undefined || secret === undefined ? undefined : { prefix, secret };
}

/** A session's CSRF token: only who reads answers to this session's cookie can know it, and nothing is stored for it. */
export function csrfTokenOf(sessionToken: string): string {
  return createHmac('sha256', sessionToken).update('callfabric csrf').digest('base64url');
}
