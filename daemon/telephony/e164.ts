export type { CountryCode } from 'libphonenumber-js/min';

import { type CountryCode, parsePhoneNumberFromString } from 'libphonenumber-js/min';

/** A number in international form, `+` and 7 to 15 digits (ITU-T E.164). */
export type E164 = `+${string}`;

const form = /^\+[1-9]\d{6,14}$/;

export function isE164(text: string): text is E164 {
  return form.test(text);
}

/**
 * The E.164 form of what a carrier or a person wrote, or undefined where it is no telephone number
 * (`anonymous`, a SIP user name, too few digits). `country` reads numbers written without a country code.
 */
export function toE164(text: string, country: CountryCode): E164 | undefined {
  if (isE164(text)) return text;
  if (text.length > 40) return undefined;
  const parsed = parsePhoneNumberFromString(text, country);
  if (parsed !== undefined && isE164(parsed.number)) return parsed.number;
  const international = `+${text}`;
  return text.length >= 11 && isE164(international) ? international : undefined;
}

/** A number fit for a log at info level: the last two digits stay. */
export function redactNumber(number: string): string {
  return number.length <= 4
    ? '***'
    : `${number.slice(0, Math.min(5, number.length - 4))}***${number.slice(-2)}`;
}
