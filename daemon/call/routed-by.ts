import type { Route } from '../routing/route.ts';
import type { CampaignId, PhoneNumberId, PublisherId, TenantId } from '../telephony/ids.ts';
import type { CallState } from './call-state.ts';

/** Whose call it is and by what it came. */
interface RoutedBy {
  readonly tenantId: TenantId | undefined;
  readonly campaignId: CampaignId | undefined;
  readonly phoneNumberId: PhoneNumberId | undefined;
  readonly publisherId: PublisherId | undefined;
}

/** Out of its route; where a call that was taken over has none yet, out of the state it was left with. */
export function routedBy(route: Route | undefined, taken: CallState | undefined): RoutedBy {
  return {
    tenantId: route?.tenant.tenantId ?? taken?.tenantId,
    campaignId: route?.campaign.campaignId ?? taken?.campaignId,
    phoneNumberId: route?.number.phoneNumberId ?? taken?.phoneNumberId,
    publisherId: route?.publisher?.publisherId ?? taken?.publisherId,
  };
}
