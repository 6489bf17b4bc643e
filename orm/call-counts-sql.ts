/*
 * How figures follow the calls. Every statement that writes calls adds rows to call_count_delta in its own transaction:
 * what it added, and, negated, what it took away. They are only appended, so that two daemons never wait for each
 * other; a job folds them into call_count, and whoever reads adds both. Money hangs on rows of other tables that may be
 * written before, beside or after their call: those leave a call's id in call_money_mark, and the job (or, until it ran,
 * the reader) works that call out anew.
 */

/** Stands in a key for "none": a key of PostgreSQL has no nulls. */
export const nobody = '00000000-0000-0000-0000-000000000000';

/** Start of the quarter of an hour of a moment, UTC: zones differ by quarters of an hour, so a day of any is whole. */
export const quarterOf = (moment: string): string =>
  `date_bin('15 minutes', ${moment}, '2000-01-01T00:00:00Z')`;

/** What a figure is counted by. `c` is a row of `call`. */
export const countKey = (c: string): string =>
  `${c}.tenant_id, ${quarterOf(`${c}.started_at`)}, coalesce(${c}.campaign_id, '${nobody}'), coalesce(${c}.publisher_id, '${nobody}'), coalesce(${c}.buyer_id, '${nobody}'), ${c}.did`;

/** The columns of that key. */
export const countKeyColumns = 'tenant_id, quarter, campaign_id, publisher_id, buyer_id, did';

/** Figures of the calls themselves, as call_count and call_count_delta have them. */
export const countColumns = 'incoming, answered, connected, answered_us, connected_us';
const us = (interval: string): string => `coalesce((extract(epoch from ${interval}) * 1000000)::bigint, 0)`;

const tagsOf = (rows: string): string =>
  `select r.tenant_id, word, r.started_at, r.id from ${rows} r cross join lateral unnest(r.tags) as word`;
// A call may have a word twice.
const addTags = `insert into call_tag (tenant_id, tag, started_at, call_id) select distinct * from (${tagsOf('written')}) r;`;
const dropTags = `delete from call_tag g using (${tagsOf('gone')}) as r (tenant_id, tag, started_at, id) where g.tenant_id = r.tenant_id and g.tag = r.tag and g.started_at = r.started_at and g.call_id = r.id;`;

const count = `insert into call_count_delta (${countKeyColumns}, ${countColumns})
 select ${countKey('r')}, count(*), count(r.answered_at), count(r.connected_at), ${us('sum(r.ended_at - r.answered_at)')}, ${us('sum(r.ended_at - r.connected_at)')}
 from written r group by 1, 2, 3, 4, 5, 6;`;

/** `rows`: calls with the `sign` they are counted by. */
const countSigned = (
  rows: string,
): string => `insert into call_count_delta (${countKeyColumns}, ${countColumns})
 select * from (select ${countKey('r')}, sum(r.sign), coalesce(sum(r.sign) filter (where r.answered_at is not null), 0), coalesce(sum(r.sign) filter (where r.connected_at is not null), 0),
 ${us('sum(r.sign * (r.ended_at - r.answered_at))')}, ${us('sum(r.sign * (r.ended_at - r.connected_at))')}
 from (${rows}) r group by 1, 2, 3, 4, 5, 6) f (${countKeyColumns}, ${countColumns})
 where (${countColumns}) is distinct from (0, 0, 0, 0, 0);`;

/** The tenant's figures go with it by themselves: counting them down would only make rows of one who is gone. */
const staying = 'exists (select 1 from tenant t where t.id = r.tenant_id and t.deleting_since is null)';
const mark = (rows: string): string => `insert into call_money_mark (tenant_id, call_id) ${rows};`;

/** Raw SQL, for a trigger that sees all rows of a statement. */
function onceAStatement(table: string, name: string, event: string, tables: string, body: string) {
  const fn = `"${table}_${name}_fn"`;
  return {
    name,
    timing: 'after' as const,
    events: [event.toLowerCase() as 'insert' | 'update' | 'delete'],
    forEach: 'statement' as const,
    expression: `create or replace function ${fn}() returns trigger as $$ begin ${body} return null; end; $$ language plpgsql;
create trigger "${name}" AFTER ${event} on "${table}" referencing ${tables} for each STATEMENT execute function ${fn}()`,
  };
}

/** Of `call`: its figures and its tags follow it. */
export const countedCalls = [
  onceAStatement('call', 'count_written', 'INSERT', 'new table as written', `${count} ${addTags}`),
  onceAStatement(
    'call',
    'count_rewritten',
    'UPDATE',
    'old table as gone new table as written',
    `${countSigned('select *, -1 as sign from gone union all select *, 1 from written')} ${dropTags} ${addTags} ${mark('select tenant_id, id from gone union select tenant_id, id from written')}`,
  ),
  onceAStatement(
    'call',
    'count_gone',
    'DELETE',
    'old table as gone',
    `${countSigned(`select r.*, -1 as sign from gone r where ${staying}`)} ${dropTags} ${mark(`select r.tenant_id, r.id from gone r where ${staying}`)}`,
  ),
];

/** Of a table whose rows are money of a call: that call is to be worked out anew. */
export const moneyMarked = (table: 'conversion' | 'ledger_entry') =>
  onceAStatement(
    table,
    'mark_call',
    'INSERT',
    'new table as written',
    mark('select distinct tenant_id, call_id from written where call_id is not null'),
  );

/** Of `tenant`: instead of foreign keys, which every batch of calls would pay for. */
export const forgetCounts = {
  name: 'forget_counts',
  timing: 'after' as const,
  events: ['delete' as const],
  body: 'delete from call_count_delta where tenant_id = old.id; delete from call_tag where tenant_id = old.id; return null',
};
