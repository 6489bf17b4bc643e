import t from 'tap';
import { ToldAccounts } from '../../../../daemon/http/access/told-accounts.ts';

const person = { kind: 'user' } as const;

void t.test(
  'a tenant is told ten times, then once in ten minutes; others are not kept waiting',
  async (t) => {
    let nowMs = 1_000_000;
    const told = new ToldAccounts(() => nowMs);
    for (let tries = 0; tries < 10; tries += 1) told.told('one', { kind: 'operator' });
    for (let tries = 0; tries < 10; tries += 1) {
      told.demand('one', person);
      told.told('one', person);
    }
    t.throws(() => told.demand('one', person), {
      problem: 'too-many-requests',
      afterSeconds: 600,
      message: /POST \/invitations, or try again in 600 s/,
    });
    told.demand('one', { kind: 'operator' });
    told.demand('other', person);
    nowMs += 10 * 60_000;
    told.demand('one', person);
    told.told('one', person);
    t.throws(() => told.demand('one', person));
    nowMs += 24 * 3_600_000;
    told.demand('one', person);
  },
);
