import type { CapLease } from '../caps/cap-lease.ts';
import type { AttemptRecord } from '../records/call-record.ts';
import type { AttemptId, BuyerId, ChannelUuid, EndpointId, TrunkId } from '../telephony/ids.ts';

/** An attempt that has begun: what another daemon needs to know of it. */
export interface AttemptBegun {
  readonly attemptId: AttemptId;
  /** 1, 2, 3 … within the call. */
  readonly number: number;
  readonly buyerId: BuyerId | undefined;
  readonly buyerName: string;
  readonly endpointId: EndpointId | undefined;
  readonly trunkId: TrunkId | undefined;
  /** E.164 or SIP URI. */
  readonly destination: string;
  readonly legUuid: ChannelUuid;
  readonly dialledAtUs: number;
  readonly lease: CapLease | undefined;
}

/** Who writes the attempts of a call down. Neither callback may throw. */
export interface AttemptLog {
  /** Called before the leg is dialled, in the same turn as the bridge: what is carried now travels in its packet. */
  begun(attempt: AttemptBegun): void;
  /** Called once for every attempt, dialled or capped. */
  finished(row: AttemptRecord): void;
}
