import { Client } from 'pg';
import t, { type Test } from 'tap';
import { newId } from '../../../daemon/telephony/ids.ts';
import type { TestDatabase } from '../../../ops/dev-services/test-database.ts';
import { seededDatabase } from '../seeded-database.ts';
import { fillTenant } from './fill-tenant.ts';

let database: TestDatabase;
let client: Client;
let ids: Record<string, string>;

t.before(async () => {
  database = await seededDatabase();
  client = await connected();
  ids = await fillTenant(client, 'constrained');
});
t.teardown(async () => {
  await client.end();
  await database.drop();
});

async function connected(): Promise<Client> {
  const made = new Client({ connectionString: database.url });
  await made.connect();
  return made;
}

async function refused(t: Test, cases: Readonly<Record<string, string>>): Promise<void> {
  for (const [sql, code] of Object.entries(cases))
    await t.rejects(client.query(sql), { code }, sql.slice(0, 100));
}

const rate = (prefix: string, validity: string, week = '0, 10080'): string =>
  `insert into rate (id, tenant_id, rate_card_id, prefix, price_per_minute_micros, valid_from, valid_until, week_from, week_until)
   values ('${newId()}', '${ids['tenant']}', '${ids['rate_card']}', '${prefix}', 1, ${validity}, ${week})`;

void t.test('no two rates of a prefix hold at one moment', async (t) => {
  await client.query(rate('44', "'2026-01-01', '2026-02-01'"));
  await client.query(rate('44', "'2026-02-01', null", '0, 1440'));
  await client.query(rate('44', "'2026-02-01', null", '1440, 10080'));
  await client.query(rate('441', "'2026-01-01', null"));
  await refused(t, {
    [rate('44', "'2026-01-31 23:59', '2026-02-02'")]: '23P01',
    [rate('44', "'2030-01-01', null", '600, 700')]: '23P01',
    [rate('55', "'2026-02-01', '2026-02-01'")]: '23514',
    [rate('55', "'2026-02-01', null", '10000, 10081')]: '23514',
    [rate('+44', "'2026-02-01', null")]: '23514',
    'update rate set price_per_minute_micros = -1': '23514',
    'update rate set next_increment_seconds = 0': '23514',
  });
});

const entry = (
  transaction: string,
  account: string,
  micros: number,
  more: Record<string, string> = {},
): string => {
  const row: Record<string, string> = {
    id: newId(),
    tenant_id: ids['tenant'] ?? '',
    transaction_id: transaction,
    account_id: account,
    kind: 'adjustment',
    amount_micros: String(micros),
    currency: 'USD',
    ...more,
  };
  return `insert into ledger_entry (${Object.keys(row).join()}) values (${Object.values(row)
    .map((value) => `'${value}'`)
    .join()})`;
};

void t.test(
  'a ledger transaction sums to zero at commit, is kept, and the balances are its sums',
  async (t) => {
    const accounts = await client.query<{ id: string }>(
      `select id from billing_account where tenant_id = '${ids['tenant']}' order by kind`,
    );
    const [holder = '', funding = ''] = accounts.rows.map(({ id }) => id);
    const post = async (...entries: string[]): Promise<void> => {
      await client.query('begin');
      try {
        for (const sql of entries) await client.query(sql);
        await client.query('commit');
      } catch (error) {
        await client.query('rollback');
        throw error;
      }
    };
    const [transaction, another] = [newId(), newId()];
    await t.rejects(post(entry(transaction, holder, 5)), { code: '23514', message: /does not sum to zero/ });
    await t.rejects(post(entry(transaction, holder, 5), entry(transaction, funding, -4)), { code: '23514' });
    await t.rejects(
      post(entry(transaction, holder, 5), entry(transaction, funding, -5, { currency: 'EUR' })),
      { code: '23514', message: /currency of its account/ },
    );
    await post(entry(transaction, holder, 5), entry(transaction, funding, -5));
    const call = { call_id: newId(), kind: 'buyer_charge' };
    await post(entry(another, holder, -2, call), entry(another, funding, 2, call));
    const again = newId();
    await t.rejects(post(entry(again, holder, -2, call), entry(again, funding, 2, call)), { code: '23505' });
    const correction = { ...call, version: '2' };
    await post(entry(again, holder, -1, correction), entry(again, funding, 1, correction));
    await refused(t, {
      'update ledger_entry set amount_micros = amount_micros + 1': '23001',
      'update ledger_entry set note = null': '23001',
      'delete from ledger_entry': '23001',
      'update conversion set price_micros = 0': '23001',
      'delete from conversion': '23001',
      'update audit_log set action = action': '23001',
      'delete from audit_log': '23001',
      "update billing_account set currency = 'EUR'": '23001',
    });
    const { rows } = await client.query(
      `select b.amount_micros = (select sum(e.amount_micros) from ledger_entry e where e.account_id = b.account_id) as so from balance b`,
    );
    t.same([...new Set(rows.map(({ so }) => so as boolean))], [true]);
  },
);

void t.test('invoices are numbered without gaps, also by two at once and where one fails', async (t) => {
  const draft = async (total = 0): Promise<string> => {
    const id = newId();
    await client.query(
      `insert into invoice (id, tenant_id, account_id, period_from, period_until, currency, total_micros)
       values ('${id}', '${ids['tenant']}', '${ids['billing_account']}', '2026-10-01', '2026-11-01', 'USD', ${total})`,
    );
    return id;
  };
  const line = (invoice: string, number: number, micros: number): string =>
    `insert into invoice_line (id, tenant_id, invoice_id, number, description, amount_micros)
     values ('${newId()}', '${ids['tenant']}', '${invoice}', ${number}, 'calls', ${micros})`;
  const issue = (by: Client, id: string) =>
    by.query(`update invoice set status = 'issued' where id = '${id}'`);
  const wrong = await draft(10);
  await client.query(line(wrong, 1, 9));
  await t.rejects(issue(client, wrong), { code: '23514', message: /sum to its total/ });
  await client.query(line(wrong, 3, 1));
  await t.rejects(issue(client, wrong), { code: '23514' }, 'a line is missing');

  const drafts: string[] = [];
  while (drafts.length < 4) drafts.push(await draft());
  const second = await connected();
  t.teardown(() => second.end());
  await second.query('begin');
  await issue(second, drafts[0] ?? '');
  const waiting = issue(client, drafts[1] ?? '');
  await second.query('rollback');
  await waiting;
  await Promise.all(drafts.slice(2).map((id, at) => issue(at === 0 ? client : second, id)));
  const { rows } = await client.query(
    `select array_agg(number order by number) as numbers from invoice where tenant_id = '${ids['tenant']}' and number is not null`,
  );
  t.same(rows[0].numbers, [1, 2, 3, 4]);
  const issued = drafts[1];
  await refused(t, {
    [`delete from invoice where id = '${issued}'`]: '23001',
    [`update invoice set total_micros = 1 where id = '${issued}'`]: '23001',
    [`update invoice set number = 9 where id = '${issued}'`]: '23001',
    [`update invoice set status = 'draft' where id = '${issued}'`]: '23001',
    [line(issued ?? '', 1, 5)]: '23001',
    [`delete from invoice_line where invoice_id = '${ids['invoice']}'`]: '23001',
    [`update payout set amount_micros = 1 where id = '${ids['payout']}'`]: '23001',
    [`delete from payout where id = '${ids['payout']}'`]: '23001',
  });
  await client.query(`update invoice set status = 'paid', paid_at = now() where id = '${issued}'`);
});

void t.test('numbers are E.164, weights not negative, and a reference stays within its tenant', async (t) => {
  const [other] = (await client.query("select id from publisher where name = 'Test Publisher'")).rows;
  await refused(t, {
    "update caller_id_number set e164 = '5551234567'": '23514',
    'update caller_id_number set weight = -1': '23514',
    "update dnc_entry set e164 = '+0123456789'": '23514',
    "update consent_token set e164 = 'x'": '23514',
    "update webhook set url = 'ftp://x'": '23514',
    "update user_account set email = 'Upper@x.example'": '23514',
    [`update campaign_publisher set publisher_id = '${other.id}' where id = '${ids['campaign_publisher']}'`]:
      '23503',
    [`insert into role (id, name, description, view, scopes) values ('${newId()}', 'admin', 'x', 'tenant', '{}')`]:
      '23505',
    [`update balance_reservation set status = 'settled'`]: '23514',
  });
});
