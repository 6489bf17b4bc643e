import t from 'tap';
import { isAway } from '../../../daemon/http/away.ts';

void t.test('what is away is told from what is wrong', async (t) => {
  const coded = (code: string): Error => Object.assign(new Error('failed'), { code });
  for (const away of [
    coded('ECONNREFUSED'),
    coded('57P01'),
    coded('57014'),
    coded('55P03'),
    coded('08006'),
    new Error('query failed', { cause: coded('ECONNRESET') }),
    new AggregateError([coded('ECONNREFUSED'), coded('ECONNREFUSED')]),
    new Error('timeout exceeded when trying to connect'),
    new Error('Connection terminated unexpectedly'),
  ])
    t.ok(isAway(away), String(away));
  for (const wrong of [
    coded('42P01'),
    coded('22P02'),
    coded('ENOENT'),
    new Error('no'),
    'ECONNREFUSED',
    undefined,
  ])
    t.notOk(isAway(wrong), String(wrong));
});
