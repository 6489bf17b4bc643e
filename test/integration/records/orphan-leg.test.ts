import t from 'tap';
import type { CallRecord } from '../../../daemon/records/call-record.ts';
import { orphanRecord } from '../../../daemon/records/orphan-leg.ts';
import { type Branded, newId } from '../../../daemon/telephony/ids.ts';
import { legEnd } from '../../unit/records/leg-end.ts';
import { sampleRecord } from '../../unit/records/sample-record.ts';
import { seededDatabase } from '../seeded-database.ts';
import { writeSetup } from './write-setup.ts';

function record(...args: Parameters<typeof orphanRecord>): CallRecord {
  const made = orphanRecord(...args);
  if (made === undefined) throw new Error('a leg of ours');
  return made;
}

void t.test(
  'the legs of a crashed call join into one record, in any order, any number of times',
  async (t) => {
    const database = await seededDatabase();
    const { writer, tenantId, rows, close } = await writeSetup(database.url, t.testdir());
    t.teardown(async () => {
      await close();
      await database.drop();
    });
    const switchName = 'fs1' as Branded<'SwitchName'>;
    const seen: unknown[] = [];
    for (const order of ['AB', 'BA', 'ABBA']) {
      const callId = newId<'CallId'>();
      const variables = { callfabric_call: callId, callfabric_tenant: tenantId };
      const ends = { A: legEnd('A', variables), B: legEnd('B', variables, { cause: 'USER_BUSY' }) };
      const state = { did: '+15551234567', takeovers: 0, recordings: [] };
      for (const side of order.split('') as ('A' | 'B')[])
        writer.write(record(ends[side], { switchName, state: side === 'A' ? state : undefined }));
      await writer.flush();
      t.same(writer.counts.rejected, 0);
      const [call] = await rows(
        `select caller, did, cause, source, outcome, extract(epoch from started_at) * 1000000 as s, answered_at is not null as answered from call where id = '${callId}'`,
      );
      const cdrs = await rows(`select side, source from cdr where call_id = '${callId}' order by side`);
      seen.push({ call, cdrs });
    }
    t.match(seen[0], {
      call: { caller: '+15125550100', did: '+15551234567', cause: 'NORMAL_CLEARING', answered: true },
      cdrs: [{ side: 'A' }, { side: 'B' }],
    });
    t.same(seen[1], seen[0]);
    t.same(seen[2], seen[0]);

    // A late record of a leg the session knew already: only the estimate is replaced.
    const session = sampleRecord(tenantId);
    const [a] = session.legs;
    if (a?.cdr === undefined) throw new Error('a leg with its CDR');
    writer.write({ ...session, legs: [{ ...a, cdr: { ...a.cdr, source: 'estimated' } }] });
    const variables = { callfabric_call: session.callId, callfabric_tenant: tenantId };
    const late = legEnd('A', variables, { channelUuid: a.channelUuid });
    writer.write(record(late, { switchName, state: undefined }));
    await writer.flush();
    t.same(await rows(`select source, outcome from call where id = '${session.callId}'`), [
      { source: 'session', outcome: 'connected' },
    ]);
    t.same(await rows(`select source, bill_ms::int from cdr where call_id = '${session.callId}'`), [
      { source: 'json_cdr', bill_ms: 3020 },
    ]);
  },
);
