/** Where a B-leg goes. Checked before it reaches a dial string (esl/dial-string). */
export type DialDestination =
  | { readonly kind: 'sip'; readonly uri: string; readonly profile: string }
  | { readonly kind: 'gateway'; readonly gateway: string; readonly number: string };
