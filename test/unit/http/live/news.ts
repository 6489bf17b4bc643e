import type { CallNews } from '../../../../daemon/call/call-news.ts';
import type { CallId, CampaignId, PublisherId } from '../../../../daemon/telephony/ids.ts';
import { callId, tenantId } from '../test-api.ts';

export const publisherId = '01981234-0000-7000-8000-0000000000b1' as PublisherId;
const ofCall = {
  tenantId,
  callId,
  publisherId,
  campaignId: '01981234-0000-7000-8000-0000000000c1' as CampaignId,
  caller: '+15125550100',
  did: '+15551234567',
};

/** The nth call begins. */
export function started(n = 1): CallNews {
  return {
    kind: 'call.started',
    ...ofCall,
    callId: `${callId.slice(0, -4)}${String(n).padStart(4, '0')}` as CallId,
  };
}

export function happened(what: Pick<CallNews, 'kind'> & object): CallNews {
  return { ...ofCall, ...what } as CallNews;
}
