/** Where a B-leg goes. Checked before it reaches a dial string (esl/dial-string). */
export type DialDestination =
  | { readonly kind: 'sip'; readonly uri: string; readonly profile: string }
  | { readonly kind: 'gateway'; readonly gateway: string; readonly number: string };

const host = '(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?|\\[[0-9a-fA-F:.]{2,45}\\])';
const sipUri = new RegExp(
  `^(?:sips?:)?[A-Za-z0-9+._~*#&=!-]{1,64}@${host}(?::\\d{1,5})?(?:;transport=(?:udp|tcp|tls))?$`,
  'i',
);

/**
 * The SIP URIs that can be dialled: `[sip:|sips:]user@host[:port][;transport=…]`, nothing that means anything in a dial
 * string. What is published, what is routed and what is dialled ask this one question.
 */
export function isSipUri(text: string): boolean {
  return sipUri.test(text);
}
