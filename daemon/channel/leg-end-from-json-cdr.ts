import { decodeValue } from '../esl/decode-value.ts';
import type { ChannelUuid } from '../telephony/ids.ts';
import type { LegEnd } from './leg-fact.ts';
import { legEnd } from './leg-fact-from-event.ts';

type Fields = ReadonlyMap<string, unknown>;

/**
 * The end of a leg out of mod_json_cdr's record, or undefined where this is no such record. Variables are url-encoded
 * there where `encode-values` is true, the module's default; the configuration we ship sets it to false, and the record
 * itself says which it is. The caller's profile never is. Never throws.
 */
export function legEndFromJsonCdr(record: unknown): LegEnd | undefined {
  const variables = fieldsOf(fieldsOf(record).get('variables'));
  const read = valuesAreEncoded(variables) ? decodeValue : (text: string) => text;
  const variable = (name: string): string | undefined => {
    const value = variables.get(name);
    if (Array.isArray(value)) return `ARRAY::${value.map((one) => read(String(one))).join('|:')}`;
    return typeof value === 'string' ? read(value) : undefined;
  };
  const uuid = variable('uuid');
  if (uuid === undefined || variable('end_uepoch') === undefined) return undefined;
  const profile = profileOf(record);
  const text = (name: string): string | undefined => {
    const value = profile.get(name);
    return typeof value === 'string' ? value : undefined;
  };
  const header = (name: string): string | undefined => {
    switch (name) {
      case 'Other-Leg-Unique-ID':
        return variable('bridge_uuid') ?? variable('last_bridge_to') ?? variable('originating_leg_uuid');
      case 'Call-Direction':
        return variable('direction');
      case 'Hangup-Cause':
        return variable('hangup_cause');
      case 'Caller-Caller-ID-Number':
        return text('caller_id_number');
      case 'Caller-Destination-Number':
        return text('destination_number');
      case 'Caller-Network-Addr':
        return text('network_addr');
      default:
        return undefined;
    }
  };
  return legEnd({ header, variable }, uuid as ChannelUuid);
}

/**
 * FreeSWITCH gives every leg its stamps (`2026-06-15 10:00:00`, switch_channel_set_timestamps) and encodes the space in
 * them. Decoding what was never encoded would make an `A` of a caller's `%41`.
 */
function valuesAreEncoded(variables: Fields): boolean {
  const stamp = variables.get('start_stamp') ?? variables.get('end_stamp');
  return typeof stamp !== 'string' || !stamp.includes(' ');
}

/** The profile the leg began with: `callflow` lists the newest first. */
function profileOf(record: unknown): Fields {
  const flow = fieldsOf(record).get('callflow');
  const first: unknown = Array.isArray(flow) ? flow.at(-1) : flow;
  return fieldsOf(fieldsOf(first).get('caller_profile'));
}

/** A map, so that names such as `__proto__` are harmless. */
function fieldsOf(value: unknown): Fields {
  return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : []);
}
