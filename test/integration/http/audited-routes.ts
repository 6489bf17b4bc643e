/** What the audit log says of a request that was done, where it is not what its address and method tell. */
export interface Written {
  readonly action?: string;
  /** The table. */
  readonly subject?: string;
  /** Null: of no one row. Default: the row that was made, or the one the address names. */
  readonly subjectId?: 'made' | 'named' | 'parent' | null;
  /** Whether it says what was there before and what after. Default: by method. */
  readonly before?: boolean;
  readonly after?: boolean;
  /** How many more entries come of it, which are nobody's request. */
  readonly more?: number;
  /** Exactly this stands there. */
  readonly is?: { readonly before?: object; readonly after?: object };
}

/** Routes that change something the audit log does not name by address and method alone. */
export const writtenBy: Readonly<Record<string, Written>> = {
  'DELETE /api-keys/:id': { action: 'api_key.revoke', after: true },
  'POST /api-keys/:id/rotate': { action: 'api_key.rotate', before: true },
  'POST /webhooks/:id/rotate-secret': { action: 'webhook.rotate_secret', before: true },
  'POST /users': { action: 'user.create', subject: 'membership' },
  'PUT /users/:id': { action: 'user.update', subject: 'membership' },
  'PATCH /users/:id': { action: 'user.account' },
  'DELETE /users/:id': { action: 'user.remove', subject: 'membership' },
  // What of it is left to do in pieces ends with an entry of its own.
  'DELETE /tenants/:id': { more: 1 },
  'POST /operators': { action: 'operator.create' },
  'DELETE /operators/:id': { action: 'operator.remove' },
  'POST /calls/:id/hangup': { action: 'call.hangup', is: { after: { cause: 'NORMAL_CLEARING' } } },
  'PUT /calls/:id/tags': { action: 'call.tags', is: { after: { tags: [] } } },
  'POST /billing-accounts/:id/deposits': { action: 'billing_account.deposit' },
  'PATCH /flows/:id': { action: 'flow.rename' },
  'POST /flows/:id/clone': { action: 'flow.clone', subjectId: 'made' },
  'POST /flows/import': { action: 'flow.import', subjectId: 'made' },
  // Only what was changed: of each change, what was there before and what is there now.
  'PUT /flows/:id/draft': { action: 'flow.draft', before: false },
  'POST /flows/:id/versions': { action: 'flow.version', is: { after: { version: 2 } } },
  'POST /flows/:id/draft/publish': { action: 'flow.publish', before: true },
  'POST /flows/:id/versions/:version/publish': { action: 'flow.publish', before: true },
  'POST /flows/:id/versions/:version/rollback': { action: 'flow.rollback', before: true },
  // Of a file only how many rows it brought and from which lines: the rows themselves may be millions.
  'POST /numbers/import': {
    action: 'phone_number.import',
    subjectId: null,
    is: { after: { imported: 1, lines: [2, 2] } },
  },
  'POST /rate-cards/:rateCardId/import': {
    action: 'rate.import',
    subject: 'rate_card',
    subjectId: 'parent',
    is: { after: { imported: 1, lines: [2, 2] } },
  },
  'POST /dnc-lists/:listId/import': {
    action: 'dnc_entry.import',
    subject: 'dnc_list',
    subjectId: 'parent',
    is: { after: { imported: 1, lines: [2, 2] } },
  },
};

/** Routes that are no GET, and change nothing that is kept: why. */
export const changesNothing: Readonly<Record<string, string>> = {
  'POST /flows/validate': 'tells the faults of a document',
  'POST /flows/:id/draft/validate': 'tells the faults of a draft',
  'POST /session/tenant': 'the choice is kept in a cookie',
};

/** Of somebody's own session: several entries each, all of the platform. By name. */
export const ofSessions: Readonly<Record<string, readonly string[]>> = {
  'POST /session': ['session.create'],
  'PUT /session/password': ['session.create', 'user.password'],
  'POST /session/invitations': ['session.create', 'user.accept', 'user.password'],
  'DELETE /session/sessions/:id': ['session.end'],
  'DELETE /session': ['session.end'],
};
