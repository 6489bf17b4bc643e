import t from 'tap';
import type { CapScope } from '../../../../daemon/caps/cap-lease.ts';
import { CapWatch } from '../../../../daemon/http/live/cap-watch.ts';
import type { CapNews } from '../../../../daemon/http/live/live-event.ts';
import { callId, tenantId } from '../test-api.ts';

void t.test('a cap that changed often is told once, with what it came to', async (t) => {
  const told: CapNews[] = [];
  const asked: (readonly CapScope[])[] = [];
  let away = false;
  const watch = new CapWatch({
    caps: {
      counts: async (scopes) => {
        asked.push(scopes);
        if (away) throw new Error('redis is away');
        return scopes.map((_, index) => index + 1);
      },
    },
    tenantOf: () => tenantId,
    feed: { wants: (tenant) => tenant === tenantId, tell: (news) => told.push(news) },
    settleMs: 100_000,
  });
  const buyer = { scope: 'buyer:b', limit: 3 } as const;
  watch.note(callId, [buyer, { scope: 'trunk:t', limit: undefined }]);
  watch.note(callId, [buyer]);
  watch.note(callId, [{ scope: 'tenant:another', limit: 1 }]);
  await watch.flush();
  t.same(asked, [['buyer:b', 'trunk:t']]);
  t.same(told, [
    { kind: 'caps.changed', tenantId, scope: 'buyer:b', holders: 1, limit: 3 },
    { kind: 'caps.changed', tenantId, scope: 'trunk:t', holders: 2, limit: undefined },
  ]);
  away = true;
  watch.note(callId, [buyer]);
  await watch.flush();
  t.equal(told.length, 2, 'and nobody is harmed');
  watch.stop();
});
