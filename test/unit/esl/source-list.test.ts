import t from 'tap';
import { SourceList } from '../../../daemon/esl/source-list.ts';

void t.test('only the listed addresses and networks may open event sockets', async (t) => {
  const list = await SourceList.from(['127.0.0.0/8', '::1', '10.1.2.0/24', '192.0.2.7']);
  for (const address of ['127.0.0.1', '127.9.9.9', '::1', '10.1.2.200', '192.0.2.7', '::ffff:10.1.2.3'])
    t.ok(list.allows(address), address);
  for (const address of ['10.1.3.1', '192.0.2.8', '::2', '', 'localhost', '::ffff:8.8.8.8'])
    t.notOk(list.allows(address), address);
  t.same(list.unresolved, []);
});

void t.test('a host name stands for its addresses, and one that has none lets nobody in', async (t) => {
  const list = await SourceList.from(['localhost', 'no-such-host.invalid']);
  t.ok(list.allows('127.0.0.1') || list.allows('::1'));
  t.same(list.unresolved, ['no-such-host.invalid']);
});
