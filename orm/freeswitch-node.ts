import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { changed, key, moment, sorted, written } from './columns.ts';
import { platformRows } from './row-security.ts';

/**
 * One FreeSWITCH machine of the installation, as operators note it. Kept, not in force yet: no daemon reads it, they know
 * their machines and passwords by CALLFABRIC_FREESWITCH alone.
 */
export const FreeSwitchNode = defineEntity({
  name: 'FreeSwitchNode',
  tableName: 'freeswitch_node',
  properties: {
    id: key(),
    /** As in CALLFABRIC_FREESWITCH and in every call's `switch_name`. */
    name: sorted().unique().check("name ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$'"),
    host: p.text(),
    port: p.integer().check('port >= 1 and port <= 65535'),
    /** Kept, not in force yet: one that is switched off goes on sending calls. */
    enabled: p.boolean().default(true),
    version: p.text().nullable(),
    coreUuid: p.text().nullable(),
    lastSeenAt: moment().nullable(),
    createdAt: written(),
    updatedAt: changed(),
  },
  ...platformRows,
});
export type FreeSwitchNode = InferEntity<typeof FreeSwitchNode>;
