import type { ChannelGone } from '../channel/channel.ts';
import type { HangupCause } from '../telephony/hangup-cause.ts';
import type { WalkState } from './walk-state.ts';

/** A node and the exit it left by ('' where it did not come to one). */
export interface VisitedNode {
  readonly nodeId: string;
  readonly nodeType: string;
  readonly exit: string;
}

/** Why a walk could not go on. */
export type WalkFault =
  | 'stepBudget' // more visits than the budget
  | 'crashBudget' // more node errors than the budget
  | 'nodeMissing' // the state or an edge names a node the flow has not
  | 'flowMissing' // a pinned flow version is not there
  | 'internal'; // ours: a callback threw, PostgreSQL was away when the flow was needed

export type FinishedBy =
  | 'node' // a node that ends the call (hangup)
  | 'fallback' // an unwired exit, and the flow's fallback is a cause
  | 'unwired' // an unwired exit without a fallback (or within it)
  | 'return'; // a `return:<name>` edge in the flow the call began with

interface WalkEndCommon extends VisitedNode {
  /** One sentence for the person who asks why. */
  readonly reason: string | undefined;
  /** The exit that first went to a flow's fallback, where one did: what the call failed by. */
  readonly fallbackFrom: VisitedNode | undefined;
  /** How things stood at the end: variables and tags for the record. */
  readonly state: WalkState;
}

/**
 * How a walk ended; `nodeId`, `nodeType` and `exit` are the last node's. `gone`: the channel went away, the node is
 * the one it went away in. `finished`, `failed`: the flow is over and, unless a node hung up already, the channel
 * still lives: the session hangs up with `cause`.
 */
export type WalkEnd = WalkEndCommon &
  (
    | { readonly end: 'gone'; readonly gone: ChannelGone }
    | { readonly end: 'finished'; readonly cause: HangupCause; readonly by: FinishedBy }
    | { readonly end: 'failed'; readonly cause: HangupCause; readonly fault: WalkFault }
  );
