import t from 'tap';
import { hangUp } from '../../../daemon/call/hang-up.ts';
import type { LiveSession } from '../../../daemon/call/registry.ts';
import type { LeaseHolder } from '../../../daemon/caps/cap-lease.ts';
import { RedisAway } from '../../../daemon/caps/redis-link.ts';
import type { SwitchLink } from '../../../daemon/channel/switch-link.ts';
import type { Branded } from '../../../daemon/telephony/ids.ts';

const callId = 'call-1' as Branded<'CallId'>;
const leg: LeaseHolder = {
  channelUuid: 'a-leg' as Branded<'ChannelUuid'>,
  switchName: 'fs2' as Branded<'SwitchName'>,
};

/** This daemon's house: which calls it runs, what Redis knows, which FreeSWITCHes it reaches. */
function house(
  of: { own?: boolean; leg?: LeaseHolder; redisAway?: boolean; connected?: boolean; lives?: boolean } = {},
) {
  const done: string[] = [];
  const hangup = async (cause: string) => done.push(`session ${cause}`) > 0 && of.lives !== false;
  const session = { hangup } as unknown as LiveSession;
  const link = (switchName: string) =>
    ({
      switchName,
      connected: of.connected ?? true,
      kill: async (uuid: string, cause: string) => {
        done.push(`${switchName} ${uuid} ${cause}`);
        return of.lives ?? true;
      },
    }) as unknown as SwitchLink;
  const parts = {
    registry: { get: () => (of.own === true ? session : undefined) },
    leased: {
      find: async () => {
        if (of.redisAway === true) throw new RedisAway('redis is not connected');
        return of.leg;
      },
    },
    links: [link('fs1'), link('fs2')],
  };
  return { done, hangUp: () => hangUp(parts, callId, 'MANAGER_REQUEST') };
}

void t.test('a call of this daemon is ended by its session', async (t) => {
  const own = house({ own: true, redisAway: true });
  t.same(await own.hangUp(), { result: 'asked' });
  t.same(own.done, ['session MANAGER_REQUEST']);
});

void t.test('a call of another daemon is ended through its FreeSWITCH', async (t) => {
  const other = house({ leg });
  t.same(await other.hangUp(), { result: 'asked' });
  t.same(other.done, ['fs2 a-leg MANAGER_REQUEST']);
});

void t.test('a call nobody runs is unknown, and so is one that ended meanwhile', async (t) => {
  t.same(await house().hangUp(), { result: 'unknown' });
  t.same(await house({ leg, lives: false }).hangUp(), { result: 'unknown' });
});

void t.test('what is away is named', async (t) => {
  t.match(await house({ redisAway: true }).hangUp(), { result: 'unreachable', what: /Redis/ });
  t.same(await house({ leg, connected: false }).hangUp(), { result: 'unreachable', what: 'FreeSWITCH fs2' });
});

void t.test('a call of this daemon whose switch cannot be told is out of reach, not asked', async (t) => {
  const { hangUp } = house({ own: true, lives: false });
  t.match(await hangUp(), { result: 'unreachable', what: /FreeSWITCH/ });
});
