// Alone in its process: it measures its memory.
import { once } from 'node:events';
import { get } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t from 'tap';
import { PostgresCallReader } from '../../../../daemon/http/call-reader.ts';
import { newId } from '../../../../daemon/telephony/ids.ts';
import { key } from '../../../unit/http/test-api.ts';
import { seededDatabase } from '../../seeded-database.ts';
import { resourceHouse } from './resource-house.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const heapAfterGc = (): number => {
  collect();
  return process.memoryUsage().heapUsed;
};

// A whole million with CALLFABRIC_TEST_ROWS=1000000 and tap's --timeout=900.
const rows = Number(process.env['CALLFABRIC_TEST_ROWS'] ?? 80_000);

void t.test(`${rows} calls and ${rows} DNC entries are exported in flat memory`, async (t) => {
  const tenant = newId();
  const house = resourceHouse(await seededDatabase(), tenant, false, (orm) => ({
    calls: new PostgresCallReader(orm),
  }));
  t.teardown(() => house.close());
  await house.sql("insert into tenant (id, slug, name) values (?, 'one', 'One')", [tenant]);
  await house.sql("insert into dnc_list (id, tenant_id, name) values (?, ?, 'All')", [tenant, tenant]);
  // In pieces that stay far below the time a statement may take.
  for (let from = 1; from <= rows; from += 50_000) await fill(from, Math.min(rows, from + 49_999));
  await house.sql('analyze call, dnc_entry');
  async function fill(from: number, to: number): Promise<void> {
    await house.sql(
      `insert into call (id, tenant_id, switch_name, daemon_id, caller, caller_name, did, started_at, ended_at, outcome, cause, hung_up_by, variables, tags, takeovers, source)
     select gen_random_uuid(), ?, 'fs1', 'd', '+15550001111', '=cmd', '+15551234567', now() - n * interval '1 second', now(), 'connected', 'NORMAL_CLEARING', 'caller', '{}', '{a,b}', 0, 'session' from generate_series(?::int, ?::int) n`,
      [tenant, from, to],
    );
    await house.sql(
      "insert into dnc_entry (id, tenant_id, list_id, e164) select gen_random_uuid(), ?, ?, '+1' || (5550000000 + n) from generate_series(?::int, ?::int) n",
      [tenant, tenant, from, to],
    );
  }
  const address = await house.app.listen({ port: 0, host: '127.0.0.1' });
  for (const url of ['/calls/export', `/dnc-lists/${tenant}/export`]) {
    const request = get(`${address}${url}`, {
      headers: { authorization: `Bearer ${key}`, 'x-callfabric-tenant': tenant },
    });
    const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage];
    t.equal(response.statusCode, 200, url);
    let lines = 0;
    let first: number | undefined;
    let most = 0;
    let next = 20_000;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      for (const byte of chunk) if (byte === 10) lines += 1;
      if (lines < next) continue;
      next += 20_000;
      const heap = heapAfterGc();
      first ??= heap;
      most = Math.max(most, heap);
    }
    t.equal(lines, rows + 1, 'a header and every row');
    const grown = (most - (first ?? 0)) / 1024 / 1024;
    t.ok(grown < 8, `what is live grew by ${grown.toFixed(1)} MB at most over ${rows} rows`);
  }
});
