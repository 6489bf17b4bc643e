import type { CapClaim, CapLease, Caps, LeaseHolder } from '../caps/cap-lease.ts';
import type { Route, RouteSource } from '../routing/route.ts';
import { type CountryCode, toE164 } from '../telephony/e164.ts';
import type { HangupCause } from '../telephony/hangup-cause.ts';
import type { CallId, LeaseId } from '../telephony/ids.ts';
import { newId } from '../telephony/ids.ts';
import type { Refusal } from '../telephony/outcome.ts';

/** A call that may enter its flow, and the caps it holds while it lives. */
export interface Admitted {
  readonly admitted: true;
  readonly route: Route & { readonly flow: NonNullable<Route['flow']> };
  readonly did: string;
  /** Undefined where Redis was away and the policy is to admit. */
  readonly lease: CapLease | undefined;
}
/** A call that is turned away before answer; the carrier sees `cause`. */
export interface Refused {
  readonly admitted: false;
  readonly refusal: Refusal;
  readonly cause: HangupCause;
  readonly reason: string;
  /** Known where the DID was: then the refusal is written down under its tenant. */
  readonly route: Route | undefined;
  readonly did: string;
}

export interface AdmissionPolicy {
  readonly routes: RouteSource;
  readonly caps: Caps;
  readonly whenCapsUnavailable: 'refuse' | 'admit';
  /** Of numbers, dialled or calling, that come without a country code. */
  readonly defaultCountry: CountryCode;
  /** Why no new call is taken just now, if so. */
  readonly closed: () => 'draining' | 'overloaded' | undefined;
}

/** By route: its calls share them, for as long as they live. */
const claimsByRoute = new WeakMap<Route, readonly CapClaim[]>();

function claimsOf(route: Route): readonly CapClaim[] {
  const known = claimsByRoute.get(route);
  if (known !== undefined) return known;
  const claims: readonly CapClaim[] = [
    { scope: `tenant:${route.tenant.tenantId}`, limit: route.tenant.maxCalls },
    { scope: `campaign:${route.campaign.campaignId}`, limit: route.campaign.maxCalls },
    { scope: `number:${route.number.phoneNumberId}`, limit: route.number.maxCalls },
    ...placeClaims(route),
  ];
  claimsByRoute.set(route, claims);
  return claims;
}

function placeClaims({ publisher }: Route): CapClaim[] {
  const place = publisher?.place;
  return place === undefined
    ? []
    : [{ scope: `campaign_publisher:${place.campaignPublisherId}`, limit: place.maxCalls }];
}

/**
 * DID → tenant, campaign and flow version, then the caps of these and of the publisher's place in the campaign, all or
 * none. Never rejects: what goes wrong is a refusal with a cause the carrier understands (SIP 503 lets it try another
 * route, 404 does not).
 */
export async function admit(
  offer: { callId: CallId; called: string; holder: LeaseHolder },
  policy: AdmissionPolicy,
): Promise<Admitted | Refused> {
  const did = toE164(offer.called, policy.defaultCountry) ?? offer.called.slice(0, 64);
  const refuse = (refusal: Refusal, cause: HangupCause, reason: string, route?: Route): Refused => ({
    admitted: false,
    refusal,
    cause,
    reason,
    route,
    did,
  });
  const closed = policy.closed();
  if (closed !== undefined)
    return refuse(closed, 'SWITCH_CONGESTION', `this daemon takes no new calls: ${closed}`);
  let route: Route | undefined;
  try {
    route = await policy.routes.routeFor(did);
  } catch (error) {
    return refuse(
      'database_unavailable',
      'NORMAL_TEMPORARY_FAILURE',
      `the route of ${did} could not be read: ${String(error)}`,
    );
  }
  if (route === undefined)
    return refuse('unknown_number', 'UNALLOCATED_NUMBER', `${did} is no number of any tenant`);
  if (!route.tenant.enabled)
    return refuse('tenant_suspended', 'CALL_REJECTED', 'the tenant is suspended', route);
  if (!route.number.enabled || !route.campaign.enabled)
    return refuse(
      'number_disabled',
      'UNALLOCATED_NUMBER',
      'the number or its campaign is switched off',
      route,
    );
  const { publisher } = route;
  if (publisher?.enabled === false || publisher?.place?.enabled === false)
    return refuse(
      'publisher_disabled',
      'CALL_REJECTED',
      `the number's publisher is switched off${publisher.enabled ? ' in this campaign' : ''}`,
      route,
    );
  const flow = route.flow;
  if (flow === undefined)
    return refuse(
      'no_published_flow',
      'NORMAL_TEMPORARY_FAILURE',
      `the flow of ${did} has no published version`,
      route,
    );
  const decision = await policy.caps.acquire({
    leaseId: newId<'LeaseId'>() satisfies LeaseId,
    callId: offer.callId,
    claims: claimsOf(route),
    holder: offer.holder,
  });
  const admitted = (lease: CapLease | undefined): Admitted => ({
    admitted: true,
    route: { ...route, flow },
    did,
    lease,
  });
  switch (decision.granted) {
    case true:
      return admitted(decision.lease);
    case false:
      return refuse('capped', 'NORMAL_CIRCUIT_CONGESTION', `no free place in ${decision.refusedBy}`, route);
    case 'unavailable':
      return policy.whenCapsUnavailable === 'admit'
        ? admitted(undefined)
        : refuse(
            'caps_unavailable',
            'NORMAL_TEMPORARY_FAILURE',
            `caps cannot be checked: ${decision.reason}`,
            route,
          );
  }
}
