import type { LegEnd } from '../channel/leg-fact.ts';
import type { CallRecord } from '../records/call-record.ts';
import { orphanRecord } from '../records/orphan-leg.ts';
import type { CallId, ChannelUuid, SwitchName } from '../telephony/ids.ts';
import { decodeCallState, stateVariables } from './call-state.ts';
import type { CallRegistry } from './registry.ts';

/**
 * What became of a record: `written` down now; `known`: another word of the same; `live`: a fact for a call that runs
 * here, whose own record is still to come; `foreign`: no record of a leg of ours.
 */
export type CdrVerdict = 'written' | 'known' | 'live' | 'foreign';

export interface CdrInboxParts {
  readonly registry: CallRegistry;
  readonly writer: { write(record: CallRecord): void };
  readonly log: { info(facts: object, message: string): void };
  /** The leg's end as mod_json_cdr wrote it; undefined where it is no such record. */
  read(record: Readonly<Record<string, unknown>>): LegEnd | undefined;
  switchNameOf(record: Readonly<Record<string, unknown>>): SwitchName;
}

/** Legs whose true CDR this daemon wrote lately: mod_json_cdr tells of each of them once more. */
const legsRemembered = 50_000;

/**
 * Takes mod_json_cdr's record of each leg: for a call that runs here it is one more fact; for one whose daemon is gone
 * it becomes the call's record; for one that was written already it is nothing new.
 */
export class CdrInbox {
  readonly #parts: CdrInboxParts;
  #written = new Set<ChannelUuid>();
  #writtenBefore = new Set<ChannelUuid>();

  constructor(parts: CdrInboxParts) {
    this.#parts = parts;
  }

  /** A session's record is on its way to PostgreSQL: its legs need no other. */
  remember(record: CallRecord): void {
    for (const { channelUuid, cdr } of record.legs)
      if (cdr !== undefined && cdr.source !== 'estimated') this.#written.add(channelUuid);
    if (this.#written.size < legsRemembered) return;
    this.#writtenBefore = this.#written;
    this.#written = new Set();
  }

  /** Resolves when CallFabric answers for the record. */
  async accept(record: Readonly<Record<string, unknown>>): Promise<CdrVerdict> {
    const { registry, writer, log } = this.#parts;
    const leg = this.#parts.read(record);
    if (leg === undefined) return 'foreign'; // no record of a leg: nothing FreeSWITCH would have to keep
    // A caller may be gone before the first command set a variable: then only the channel tells whose record this is.
    const callId = (leg.variable(stateVariables.call) ?? '') as CallId;
    const session = registry.get(callId) ?? registry.ofChannel(leg.channelUuid);
    if (session !== undefined) {
      session.accept(leg);
      return 'live';
    }
    if (this.#written.has(leg.channelUuid) || this.#writtenBefore.has(leg.channelUuid)) return 'known';
    const orphan = orphanRecord(leg, {
      switchName: this.#parts.switchNameOf(record),
      state: decodeCallState(leg.variable(stateVariables.state)),
    });
    if (orphan === undefined) return 'foreign'; // a leg that was never CallFabric's
    log.info(
      { callId: orphan.callId, channelUuid: leg.channelUuid, side: leg.side },
      'leg of an absent call written',
    );
    writer.write(orphan);
    return 'written';
  }
}
