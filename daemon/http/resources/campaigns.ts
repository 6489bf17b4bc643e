import { Type } from 'typebox';
import { Campaign, CampaignBuyer, CampaignPublisher, PhoneNumber } from '../../../orm/index.ts';
import { Nullable } from '../schemas.ts';
import { defineResource } from './define-resource.ts';
import {
  enabled,
  fixed,
  Id,
  id,
  MaybeId,
  maxCalls,
  Name,
  optional,
  priority,
  RingTimeout,
  required,
  shown,
  stamps,
  Whole,
  weight,
} from './fields.ts';
import { numberFields } from './phone-numbers.ts';

export const campaigns = defineResource({
  one: 'campaign',
  path: '/campaigns',
  entity: Campaign,
  of: 'tenant',
  thing: 'campaigns',
  fields: {
    ...id,
    name: required(Name),
    flowId: optional(MaybeId, null),
    enabled: enabled(),
    maxCalls: maxCalls(),
    ringTimeoutMs: optional(RingTimeout, 20_000),
    record: optional(Nullable(Type.Enum(['mono', 'stereo'])), null),
    recordingRetentionDays: optional(Nullable(Whole(1, 36_500)), null),
    priceCardId: optional(MaybeId, null),
    payoutCardId: optional(MaybeId, null),
    ...stamps,
  },
  filters: { name: 'prefix', flowId: 'equal', enabled: 'equal' },
  sort: ['name'],
});

const parent = { resource: campaigns, field: 'campaignId' };

export const campaignPublishers = defineResource({
  one: 'publisher of a campaign',
  note: "Switched off, it refuses the publisher's calls to this campaign with `publisher_disabled`, and `maxCalls` limits how many there are at once; a publisher without a place here sends calls all the same.",
  path: '/publishers',
  entity: CampaignPublisher,
  of: 'tenant',
  thing: 'campaigns',
  parent,
  fields: {
    ...id,
    campaignId: shown(Id),
    publisherId: fixed(Id),
    rateCardId: optional(MaybeId, null),
    enabled: enabled(),
    maxCalls: maxCalls(),
  },
  filters: { publisherId: 'equal', enabled: 'equal' },
});

export const campaignBuyers = defineResource({
  one: 'buyer of a campaign',
  path: '/buyers',
  entity: CampaignBuyer,
  of: 'tenant',
  thing: 'campaigns',
  parent,
  fields: {
    ...id,
    campaignId: shown(Id),
    buyerId: fixed(Id),
    rateCardId: optional(MaybeId, null),
    enabled: enabled(),
    priority: priority(),
    weight: weight(),
  },
  filters: { buyerId: 'equal', enabled: 'equal' },
});

/** A campaign's numbers; one is taken away by changing its campaign at `/numbers/:id`, not by deleting it here. */
export const campaignNumbers = defineResource({
  one: 'number of a campaign',
  path: '/numbers',
  entity: PhoneNumber,
  of: 'tenant',
  thing: 'numbers',
  parent,
  fields: { ...numberFields, campaignId: shown(Id) },
  filters: { e164: 'prefix', publisherId: 'equal', enabled: 'equal' },
  sort: ['e164'],
  verbs: ['list', 'get', 'create'],
});
