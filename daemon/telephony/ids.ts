import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

declare const brand: unique symbol;
/** A string that cannot be mistaken for another kind of id; costs nothing at run time. */
export type Branded<Name extends string> = string & { readonly [brand]: Name };

/** One call as CallFabric counts it: from the offer of the A-leg to its end, over any number of B-legs. UUIDv7. */
export type CallId = Branded<'CallId'>;
/** FreeSWITCH's own name of one leg (`Unique-ID`). Any text FreeSWITCH accepts, mostly UUIDv4. */
export type ChannelUuid = Branded<'ChannelUuid'>;
export type TenantId = Branded<'TenantId'>;
export type CampaignId = Branded<'CampaignId'>;
export type PhoneNumberId = Branded<'PhoneNumberId'>;
export type PublisherId = Branded<'PublisherId'>;
/** A publisher's place in a campaign. */
export type CampaignPublisherId = Branded<'CampaignPublisherId'>;
export type FlowId = Branded<'FlowId'>;
export type FlowVersionId = Branded<'FlowVersionId'>;
export type BuyerId = Branded<'BuyerId'>;
export type BuyerGroupId = Branded<'BuyerGroupId'>;
export type EndpointId = Branded<'EndpointId'>;
export type CarrierId = Branded<'CarrierId'>;
export type TrunkId = Branded<'TrunkId'>;
export type AttemptId = Branded<'AttemptId'>;
export type LegId = Branded<'LegId'>;
export type RecordingId = Branded<'RecordingId'>;
export type LeaseId = Branded<'LeaseId'>;
/** Names one running daemon; new at every start, so that a crashed daemon's leases are not mistaken for ours. */
export type DaemonId = Branded<'DaemonId'>;
/** The configured name of one FreeSWITCH machine. */
export type SwitchName = Branded<'SwitchName'>;

/** Random bytes are asked for many at a time: a call has eight ids, and asking costs more than making one. */
const pool = new Uint8Array(4096);
let taken = pool.length;

function randomBytes(): Uint8Array {
  if (taken === pool.length) {
    randomFillSync(pool);
    taken = 0;
  }
  taken += 16;
  return pool.subarray(taken - 16, taken);
}

const options = { rng: randomBytes };

/** A new time-ordered id (RFC 9562 UUIDv7). */
export function newId<Name extends string>(): Branded<Name> {
  return v7(options) as Branded<Name>;
}

const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** True for the 8-4-4-4-12 hexadecimal form, any version. */
export function isUuid(text: string): boolean {
  return uuidForm.test(text);
}
