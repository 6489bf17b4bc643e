import { Buyer, BuyerEndpoint } from './buyer.ts';
import { Call } from './call.ts';
import { CallAttempt, CallTrace } from './call-attempt.ts';
import { CallLeg, Cdr } from './call-leg.ts';
import { Campaign, CampaignBuyer, PhoneNumber } from './campaign.ts';
import { Carrier, Trunk } from './carrier.ts';
import { Flow, FlowVersion } from './flow.ts';
import { Edge, Node } from './flow-graph-rows.ts';
import { HeldCall } from './held-call.ts';
import { Publisher } from './publisher.ts';
import { Recording } from './recording.ts';
import { Tenant } from './tenant.ts';

export {
  Buyer,
  BuyerEndpoint,
  Call,
  CallAttempt,
  CallLeg,
  CallTrace,
  Campaign,
  CampaignBuyer,
  Carrier,
  Cdr,
  Edge,
  Flow,
  FlowVersion,
  HeldCall,
  Node,
  PhoneNumber,
  Publisher,
  Recording,
  Tenant,
  Trunk,
};

/** Every entity, in an order that satisfies foreign keys. */
export const entities = [
  Tenant,
  Publisher,
  Flow,
  FlowVersion,
  Node,
  Edge,
  Buyer,
  BuyerEndpoint,
  Campaign,
  CampaignBuyer,
  PhoneNumber,
  Carrier,
  Trunk,
  Call,
  CallLeg,
  CallAttempt,
  Cdr,
  CallTrace,
  Recording,
  HeldCall,
] as const;
