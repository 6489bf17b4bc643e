/** The groups of the data model. `column`: where it stands, so that most lines lead to the right and none far. */
export const groups = {
  core: {
    column: 2,
    colour: '#334155',
    entities: ['Tenant', 'User', 'Role', 'Membership', 'Invitation', 'ApiKey', 'Session'],
  },
  telephony: {
    column: 2,
    colour: '#0369a1',
    entities: ['PhoneNumber', 'Carrier', 'Trunk', 'CallerIdPool', 'CallerIdNumber', 'FreeSwitchNode'],
  },
  campaigns: {
    column: 1,
    colour: '#7c3aed',
    entities: [
      'Publisher',
      'Buyer',
      'BuyerGroup',
      'BuyerEndpoint',
      'Campaign',
      'CampaignBuyer',
      'CampaignPublisher',
    ],
  },
  routing: {
    column: 0,
    colour: '#be185d',
    entities: ['Flow', 'FlowDraft', 'FlowVersion', 'Node', 'Edge', 'Schedule'],
  },
  calls: {
    column: 4,
    colour: '#15803d',
    entities: [
      'Call',
      'HeldCall',
      'CallLeg',
      'CallAttempt',
      'Cdr',
      'CallTrace',
      'Recording',
      'Transcription',
      'Tag',
      'CallTag',
      'CallCount',
      'CallCountDelta',
      'CallMoney',
      'CallMoneyMark',
    ],
  },
  billing: {
    column: 3,
    colour: '#b45309',
    entities: [
      'BillingAccount',
      'RateCard',
      'Rate',
      'Balance',
      'BalanceReservation',
      'LedgerEntry',
      'Invoice',
      'InvoiceLine',
      'Payout',
      'Conversion',
    ],
  },
  system: {
    column: 0,
    colour: '#0f766e',
    entities: ['Webhook', 'WebhookDelivery', 'Event', 'AuditLog', 'FeatureFlag', 'IdempotencyKey'],
  },
  compliance: {
    column: 1,
    colour: '#b91c1c',
    entities: ['DncList', 'DncEntry', 'ConsentToken', 'StirShakenVerification'],
  },
} as const satisfies Record<string, { column: number; colour: string; entities: readonly string[] }>;

/** A group of the data model. */
export type Group = keyof typeof groups;

/** Every group, in the order of the data model's table. */
export const groupNames = Object.keys(groups) as Group[];

const groupOfEntity = new Map<string, Group>(
  groupNames.flatMap((group) => groups[group].entities.map((entity) => [entity, group] as const)),
);

/** The group that `entity` belongs to. Throws where it is in none: a picture with a table left out would be wrong. */
export function groupOf(entity: string): Group {
  const group = groupOfEntity.get(entity);
  if (group === undefined)
    throw new Error(`The entity ${entity} is in no group: add it to one in ops/database/erd/groups.ts.`);
  return group;
}
