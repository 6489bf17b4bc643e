import { type Static, Type } from 'typebox';
import type { CallNews } from '../../call/call-news.ts';
import type { CapScope } from '../../caps/cap-lease.ts';
import { type Showing, shownNumbers } from '../access/number-policy.ts';
import { InstantSchema, instantOfMs, Nullable } from '../schemas.ts';

/** How full a cap is now. */
export interface CapNews {
  readonly kind: 'caps.changed';
  readonly tenantId: string;
  readonly scope: CapScope;
  readonly holders: number;
  readonly limit: number | undefined;
}

const ofCall = { at: InstantSchema, callId: Type.String() };
const numbers = { caller: Type.String(), did: Type.String() };
const id = Nullable(Type.String());

/** What `data` of each kind of event is; those of a publisher or a buyer lack what is not theirs to know. */
export const liveSchemas = {
  'call.started': Type.Object({ ...ofCall, ...numbers, campaignId: id, publisherId: Type.Optional(id) }),
  'node.entered': Type.Object({ ...ofCall, nodeId: Type.String(), flowVersionId: Type.String() }),
  'call.bridged': Type.Object({
    ...ofCall,
    ...numbers,
    buyerId: Type.Optional(id),
    buyer: Type.Optional(Type.String()),
  }),
  'call.ended': Type.Object({
    ...ofCall,
    ...numbers,
    outcome: Type.String(),
    refusal: Nullable(Type.String()),
    cause: Type.String(),
    durationMs: Type.Integer(),
    buyerId: Type.Optional(id),
    publisherId: Type.Optional(id),
  }),
  'caps.changed': Type.Object({
    at: InstantSchema,
    scope: Type.String({ description: 'As in GET /caps/:scope/holders' }),
    holders: Type.Integer(),
    limit: Nullable(Type.Integer()),
  }),
  gap: Type.Object({ at: InstantSchema, reason: Type.String() }),
} as const;
export type LiveKind = keyof typeof liveSchemas;
type Shown<Kind extends LiveKind> = Static<(typeof liveSchemas)[Kind]>;

/** An event of one tenant: everything of it, and whose it is besides the tenant's. */
export type LiveEvent = {
  [Kind in LiveKind]: {
    readonly kind: Kind;
    readonly data: Shown<Kind>;
    readonly publisherId?: string | undefined;
    readonly buyerId?: string | undefined;
  };
}[LiveKind];

export function eventOf(news: CallNews | CapNews, atMs: number): LiveEvent {
  const at = instantOfMs(atMs);
  if (news.kind === 'caps.changed') {
    const { scope, holders, limit } = news;
    return { kind: news.kind, data: { at, scope, holders, limit: limit ?? null } };
  }
  const { callId, caller, did, campaignId = null } = news;
  const { publisherId } = news;
  switch (news.kind) {
    case 'call.started':
      return {
        kind: news.kind,
        publisherId,
        data: { at, callId, caller, did, campaignId, publisherId: publisherId ?? null },
      };
    case 'node.entered':
      return {
        kind: news.kind,
        data: { at, callId, nodeId: news.nodeId, flowVersionId: news.flowVersionId },
      };
    case 'call.bridged': {
      const { buyerId, buyer } = news;
      return {
        kind: news.kind,
        publisherId,
        buyerId,
        data: { at, callId, caller, did, buyerId: buyerId ?? null, buyer },
      };
    }
    case 'call.ended': {
      const { outcome, refusal = null, cause, durationMs, buyerId } = news;
      const whose = { buyerId: buyerId ?? null, publisherId: publisherId ?? null };
      return {
        kind: news.kind,
        publisherId,
        buyerId,
        data: { at, callId, caller, did, outcome, refusal, cause, durationMs, ...whose },
      };
    }
  }
}

/** What somebody is shown of an event; undefined: nothing of it. */
export function shownTo({ view, masked }: Showing, event: LiveEvent): LiveEvent | undefined {
  if (view.of === 'tenant' || event.kind === 'gap') return event;
  const own = view.of === 'publisher' ? view.publisherId : view.buyerId;
  if (event.kind === 'caps.changed') return event.data.scope === `${view.of}:${own}` ? event : undefined;
  // How a tenant's flow is built is nobody else's business.
  if (event.kind === 'node.entered') return undefined;
  if ((view.of === 'publisher' ? event.publisherId : event.buyerId) !== own) return undefined;
  const { callId, at } = event.data;
  const { caller, did } = shownNumbers(event.data, { view, masked });
  switch (event.kind) {
    case 'call.started':
      return { kind: event.kind, data: { at, callId, caller, did, campaignId: event.data.campaignId } };
    case 'call.bridged':
      return { kind: event.kind, data: { at, callId, caller, did } };
    case 'call.ended': {
      const { outcome, refusal, cause, durationMs } = event.data;
      return { kind: event.kind, data: { at, callId, caller, did, outcome, refusal, cause, durationMs } };
    }
  }
}
