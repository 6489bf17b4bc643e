import type { LegEnd } from '../channel/leg-fact.ts';
import type { AnyRecord, CallRecord } from '../records/call-record.ts';
import type { RouteSource } from '../routing/route.ts';
import { type CountryCode, toE164 } from '../telephony/e164.ts';
import type { CallId, ChannelUuid, SwitchName } from '../telephony/ids.ts';
import { stateVariables } from './call-state.ts';
import type { CallRegistry } from './registry.ts';
import {
  callNotTaken,
  callRefusedUnread,
  interruptedCall,
  legOfCall,
  offeredInVain,
  refusedUnread,
} from './switch-record.ts';

/**
 * What became of a record: `written`: it is safe now; `known`: another word of what is safe already; `unsafe`: it could
 * not be made safe in time, so that whoever has it must keep it; `foreign`: no record of a leg of ours.
 */
export type CdrVerdict = 'written' | 'known' | 'unsafe' | 'foreign';

export interface CdrInboxParts {
  readonly registry: Pick<CallRegistry, 'get' | 'ofChannel'>;
  readonly writer: { keep(record: AnyRecord, deadlineMs: number): Promise<boolean> };
  readonly routes: Pick<RouteSource, 'routeFor'>;
  readonly defaultCountry: CountryCode;
  readonly log: { info(facts: object, message: string): void };
  /** The leg's end as mod_json_cdr wrote it; undefined where it is no such record. */
  read(record: Readonly<Record<string, unknown>>): LegEnd | undefined;
  switchNameOf(record: Readonly<Record<string, unknown>>): SwitchName;
}

/** Legs whose true CDR this daemon wrote lately: mod_json_cdr tells of each of them once more. */
const legsRemembered = 50_000;
/** mod_json_cdr waits 3 s for its answer (freeswitch-conf), and then tries the next address. */
const answerWithinMs = 2_500;
/**
 * How long the switch's word of a call waits for a session's, which may run at another daemon: that waits up to 5 s for
 * the end of its legs, 1 s for its recording, and a batch.
 */
const holdMs = 8_000;

/**
 * Takes mod_json_cdr's record of each leg, and answers for it only once it is safe: until then FreeSWITCH has the only
 * copy. A B-leg is written at once, since its call may last for hours and this daemon may not. An A-leg is the end of
 * its call: where the call runs here its own record is awaited, else the switch's word is kept aside until it is clear
 * that no session will write the call.
 */
export class CdrInbox {
  readonly #parts: CdrInboxParts;
  #written = new Map<ChannelUuid, Promise<boolean>>();
  #writtenBefore = new Map<ChannelUuid, Promise<boolean>>();

  constructor(parts: CdrInboxParts) {
    this.#parts = parts;
  }

  /** A session's record is on its way to PostgreSQL: once it is safe its legs need no other. */
  remember(record: CallRecord, safe: Promise<boolean>): void {
    for (const { channelUuid, cdr } of record.legs)
      if (cdr !== undefined && cdr.source !== 'estimated') this.#written.set(channelUuid, safe);
    if (this.#written.size < legsRemembered) return;
    this.#writtenBefore = this.#written;
    this.#written = new Map();
  }

  /** Resolves when CallFabric answers for the record, or cannot. */
  async accept(record: Readonly<Record<string, unknown>>): Promise<CdrVerdict> {
    const leg = this.#parts.read(record);
    if (leg === undefined) return 'foreign'; // no record of a leg: nothing FreeSWITCH would have to keep
    const switchName = this.#parts.switchNameOf(record);
    // A caller may be gone before the first command set a variable: then only the channel tells whose record this is.
    const { registry } = this.#parts;
    const session =
      registry.get((leg.variable(stateVariables.call) ?? '') as CallId) ??
      registry.ofChannel(leg.channelUuid);
    if (session === undefined && offeredInVain(leg))
      return this.#underItsNumber(leg, switchName, callNotTaken);
    session?.accept(leg);
    // It may have made its record just before this word came: what counts is whether its leg is in there.
    if (leg.side === 'A' && session !== undefined) await inTime(session.recorded);
    const written = this.#written.get(leg.channelUuid) ?? this.#writtenBefore.get(leg.channelUuid);
    if (written !== undefined && (await inTime(written))) return 'known';
    if (leg.side === 'B') return this.#keep(legOfCall(leg, 'json_cdr'));
    if (refusedUnread(leg) !== undefined) return this.#underItsNumber(leg, switchName, callRefusedUnread);
    const call = interruptedCall(leg, switchName);
    if (call === undefined) return 'foreign'; // a leg that was never CallFabric's
    const { callId, tenantId } = call;
    return this.#keep({ source: 'held', callId, tenantId, holdMs, record: call });
  }

  /** A call of which no daemon knew whose it is is written under the tenant of the number it dialled. */
  async #underItsNumber(leg: LegEnd, switchName: SwitchName, made: typeof callNotTaken): Promise<CdrVerdict> {
    const { routes, defaultCountry, log } = this.#parts;
    const did = toE164(leg.calledNumber, defaultCountry) ?? leg.calledNumber.slice(0, 64);
    const route = await routes.routeFor(did).catch(() => 'unknown' as const);
    if (route === 'unknown') return 'unsafe'; // whose number it is can be said later
    const { channelUuid, cause } = leg;
    const record = route && made(leg, switchName, route, did);
    log.info(
      {
        channelUuid,
        callId: record?.callId,
        did,
        cause,
        refusal: record?.refusal,
        known: route !== undefined,
      },
      'call was turned away before its number was looked up',
    );
    return this.#keep(record);
  }

  async #keep(record: AnyRecord | undefined): Promise<CdrVerdict> {
    if (record === undefined) return 'foreign';
    return (await this.#parts.writer.keep(record, answerWithinMs)) ? 'written' : 'unsafe';
  }
}

/** Whether it became true while mod_json_cdr still waits. */
async function inTime(safe: Promise<boolean>): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(false), answerWithinMs);
  const known = await Promise.race([safe, late.promise]);
  clearTimeout(timer);
  return known;
}
