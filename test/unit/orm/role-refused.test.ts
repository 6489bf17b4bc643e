import type { ClientBase } from 'pg';
import t from 'tap';
import { isAway } from '../../../daemon/http/away.ts';
import { writeFault } from '../../../daemon/records/write-fault.ts';
import { explainDatabaseFault } from '../../../orm/database-fault.ts';
import { whenTablesAreFree } from '../../../orm/migrate.ts';
import { RoleRefused, takeOn } from '../../../orm/role-refused.ts';

const url = 'postgres://somebody:secret@127.0.0.1:5432/callfabric';
const failing = (code: string, message: string): ClientBase =>
  ({ query: () => Promise.reject(Object.assign(new Error(message), { code })) }) as unknown as ClientBase;

void t.test('a role that is not there, or not granted, is a database that is not there for us', async (t) => {
  const cases = [
    ['22023', 'die Rolle »callfabric_daemon« existiert nicht', /as an administrator run CREATE ROLE/],
    ['42501', 'keine Berechtigung, um Rolle zu setzen', /as an administrator run GRANT callfabric_daemon, /],
  ] as const;
  for (const [code, message, sentence] of cases) {
    const refused = await takeOn(failing(code, message), 'callfabric_daemon').catch(
      (error: unknown) => error,
    );
    t.type(refused, RoleRefused, 'by its code, whatever language the server speaks');
    for (const error of [refused, new Error('wrapped by a driver', { cause: refused })]) {
      t.match(explainDatabaseFault(error, url), { kind: 'no_role', message: sentence });
      t.equal(writeFault(error), 'database', 'its records wait, and are not put aside');
      t.ok(isAway(error), 'requests are asked to come again');
    }
  }
});

void t.test('any other failure stays what it is', async (t) => {
  await t.rejects(takeOn(failing('57P01', 'shutting down'), 'callfabric_daemon'), { code: '57P01' });
  t.ok(isAway(new Error('Query read timeout')));
});

void t.test(
  'a migration that others kept from a table, or waited for in a circle, is tried again',
  async (t) => {
    const waits: string[] = [];
    const codes = ['55P03', '40P01'];
    const options = { onWait: (reason: string) => waits.push(reason) };
    const change = async (): Promise<string> => {
      const code = codes.shift();
      if (code !== undefined) throw Object.assign(new Error('in the way'), { code });
      return 'applied';
    };
    t.equal(await whenTablesAreFree(url, options, performance.now() + 60_000, change), 'applied');
    t.same(waits, ['a table is in use']);
  },
);
