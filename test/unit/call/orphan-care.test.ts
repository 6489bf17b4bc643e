import t from 'tap';
import { OrphanCare, type OrphanCareParts } from '../../../daemon/call/orphan-care.ts';
import type { OrphanLease } from '../../../daemon/caps/daemon-presence.ts';
import type { LegActivity, SwitchLink } from '../../../daemon/channel/switch-link.ts';
import type { Branded, ChannelUuid, DaemonId, LeaseId, SwitchName } from '../../../daemon/telephony/ids.ts';

const id = <Name extends string>(name: string) => name as Branded<Name>;
const dead = id<'DaemonId'>('dead') satisfies DaemonId;
const caller = id<'ChannelUuid'>('caller') satisfies ChannelUuid;
const playing: LegActivity = { application: 'playback', daemonId: dead };
const talking: LegActivity = { application: 'bridge', daemonId: dead };

function lease(name: string, channelUuid = caller): OrphanLease {
  return {
    leaseId: id<'LeaseId'>(name),
    callId: id<'CallId'>('call'),
    daemonId: dead,
    claims: [],
    fence: 1,
    channelUuid,
    switchName: id<'SwitchName'>('fs1'),
  };
}

/** A switch and a Redis in memory, in which one daemon is gone. */
class Scene {
  readonly legs = new Map<ChannelUuid, LegActivity>();
  unclaimed: OrphanLease[];
  readonly living = new Set<DaemonId>([id<'DaemonId'>('me')]);
  /** Channels this daemon has a session for. */
  readonly sessions = new Set<ChannelUuid>();
  readonly lost = new Set<LeaseId>();
  readonly broken: ChannelUuid[] = [];
  readonly kept: LeaseId[] = [];
  readonly released: LeaseId[] = [];
  readonly warned: string[] = [];
  asked = 0;
  connected = true;
  reachable = true;
  redisAway = false;
  draining = false;
  /** Daemons that lost only Redis. */
  readonly signed = new Set<DaemonId>();
  nowMs = 0;
  readonly care: OrphanCare;

  constructor(...leases: OrphanLease[]) {
    this.unclaimed = leases;
    const redis = <T>(answer: () => T): Promise<T> =>
      this.redisAway ? Promise.reject(new Error('redis is away')) : Promise.resolve(answer());
    const isConnected = () => this.connected;
    const link: SwitchLink = {
      switchName: id<'SwitchName'>('fs1') satisfies SwitchName,
      get connected() {
        return isConnected();
      },
      breakApplication: async (uuid) => {
        this.broken.push(uuid);
        return true;
      },
      kill: async () => true,
      exists: async (uuid) => this.legs.has(uuid),
      current: async (uuid) => {
        this.asked += 1;
        return this.reachable ? (this.legs.get(uuid) ?? 'gone') : undefined;
      },
      onLeg: () => ({ off() {} }),
    };
    const parts: OrphanCareParts = {
      presence: {
        absent: () => redis(() => (this.unclaimed.length > 0 ? [dead] : [])),
        living: () => redis(() => this.living),
        claim: (_daemon, switches) =>
          redis(() => {
            const [one] = this.unclaimed.filter(({ switchName }) => switches.includes(switchName));
            this.unclaimed = this.unclaimed.filter((other) => other !== one);
            return one === undefined ? [] : [one];
          }),
        keep: (ids) =>
          redis(() => {
            this.kept.push(...ids.filter((leaseId) => !this.lost.has(leaseId)));
            return this.lost;
          }),
      },
      signs: { lives: (daemonId) => this.signed.has(daemonId) },
      caps: { release: async ({ leaseId }) => void this.released.push(leaseId) },
      links: [link],
      log: { debug() {}, info() {}, warn: (_, message) => void this.warned.push(message) },
      checkEveryMs: 1000,
      draining: () => this.draining,
      daemonId: id<'DaemonId'>('me') satisfies DaemonId,
      hasSession: (uuid) => this.sessions.has(uuid),
      now: () => this.nowMs,
    };
    this.care = new OrphanCare(parts);
  }

  /** A round a second later. */
  async round(): Promise<void> {
    this.nowMs += 1000;
    await this.care.run();
  }

  get did() {
    const { broken, kept, released } = this;
    return { broken: broken.splice(0), kept: kept.splice(0), released: released.splice(0) };
  }
}

void t.test('a bridged call keeps its leases and is not touched, until its channel is gone', async (t) => {
  const scene = new Scene(lease('a'), lease('b'));
  scene.legs.set(caller, talking);
  await scene.round();
  t.same(scene.did, { broken: [], kept: ['a', 'b'], released: [] });
  await scene.round();
  t.same(scene.did, { broken: [], kept: ['a', 'b'], released: [] });
  scene.legs.delete(caller);
  await scene.round();
  t.same(scene.did, { broken: [], kept: [], released: ['a', 'b'] });
  t.equal(scene.care.watched, 0);
  await scene.round();
  t.same(scene.did, { broken: [], kept: [], released: [] }, 'once');
});

void t.test('a caller who listens is woken, and forgotten once a living daemon has the call', async (t) => {
  const scene = new Scene(lease('a'));
  scene.legs.set(caller, playing);
  await scene.round();
  t.same(scene.did, { broken: [caller], kept: [], released: [] });
  scene.legs.set(caller, { application: 'playback', daemonId: id('me') });
  scene.sessions.add(caller);
  await scene.round();
  t.same(scene.did, { broken: [], kept: [], released: [] }, 'the session has it');
  t.equal(scene.care.watched, 0);
});

void t.test('the caller of a daemon that lost only Redis is not disturbed, its lease kept', async (t) => {
  const scene = new Scene(lease('a'));
  scene.legs.set(caller, playing);
  scene.signed.add(dead);
  await scene.round();
  await scene.round();
  t.same(scene.did, { broken: [], kept: ['a', 'a'], released: [] });
  scene.signed.delete(dead);
  await scene.round();
  t.same(scene.did, { broken: [caller], kept: [], released: [] }, 'it died after all');
});

void t.test('one that does not wake keeps its lease and is woken again, within bounds', async (t) => {
  const scene = new Scene(lease('a'));
  scene.legs.set(caller, playing);
  for (let round = 0; round < 40; round += 1) await scene.round();
  const { broken, kept } = scene.did;
  t.equal(broken.length, 20);
  t.equal(kept.length, 39);
});

void t.test('leases that are others’ meanwhile are let go', async (t) => {
  const scene = new Scene(lease('a'), lease('b'));
  scene.legs.set(caller, talking);
  scene.lost.add(id('a'));
  await scene.round();
  t.equal(scene.care.watched, 1);
  scene.lost.add(id('b'));
  await scene.round();
  t.equal(scene.care.watched, 0);
});

void t.test('a switch that cannot be asked: nothing is claimed, or nothing renewed', async (t) => {
  const scene = new Scene(lease('a'));
  scene.legs.set(caller, talking);
  scene.connected = false;
  await scene.round();
  t.equal(scene.unclaimed.length, 1, 'another daemon may reach it');
  scene.connected = true;
  await scene.round();
  scene.reachable = false;
  t.same(scene.did, { broken: [], kept: ['a'], released: [] });
  await scene.round();
  t.same(scene.did, { broken: [], kept: [], released: [] });
  scene.reachable = true;
  await scene.round();
  t.same(scene.did, { broken: [], kept: ['a'], released: [] });
});

void t.test(
  'a switch that never comes back is not asked, and its orphans are given up with one word',
  async (t) => {
    const scene = new Scene(lease('a'));
    scene.legs.set(caller, talking);
    await scene.round();
    t.equal(scene.asked, 1);
    scene.connected = false;
    for (let minute = 0; minute < 14; minute += 1) {
      scene.nowMs += 59_000;
      await scene.round();
    }
    t.equal(scene.asked, 1, 'each question would be a warning');
    t.same(scene.warned, []);
    t.equal(scene.care.watched, 1, 'who listens to music is woken when it is back');
    scene.nowMs += 120_000;
    await scene.round();
    await scene.round();
    t.equal(scene.care.watched, 0);
    t.equal(scene.warned.length, 1);
  },
);

void t.test('a switch that comes back late is asked again, and the time begins anew', async (t) => {
  const scene = new Scene(lease('a'));
  scene.legs.set(caller, talking);
  await scene.round();
  for (let outage = 0; outage < 2; outage += 1) {
    scene.connected = false;
    scene.nowMs += 600_000;
    await scene.round();
    scene.nowMs += 600_000;
    scene.connected = true;
    await scene.round();
  }
  t.equal(scene.care.watched, 1);
  t.equal(scene.asked, 3);
});

void t.test('Redis away: a round does nothing and does not reject', async (t) => {
  const scene = new Scene(lease('a'));
  scene.legs.set(caller, talking);
  scene.redisAway = true;
  await t.resolves(scene.round());
  t.same(scene.did, { broken: [], kept: [], released: [] });
  scene.redisAway = false;
  await scene.round();
  t.same(scene.did.kept, ['a']);
});

void t.test('a draining daemon claims nothing more, and keeps what it has', async (t) => {
  const other = id<'ChannelUuid'>('other');
  const scene = new Scene(lease('a'));
  scene.legs.set(caller, talking);
  await scene.round();
  scene.draining = true;
  scene.unclaimed.push(lease('b', other));
  await scene.round();
  t.same(scene.did.kept, ['a', 'a']);
  t.equal(scene.unclaimed.length, 1);
});

void t.test('between the checks only what is newly claimed is looked at', async (t) => {
  const other = id<'ChannelUuid'>('other');
  const scene = new Scene(lease('a'));
  scene.legs.set(caller, talking);
  scene.legs.set(other, talking);
  await scene.round();
  scene.unclaimed.push(lease('b', other));
  await scene.care.run();
  await scene.care.run();
  t.same(scene.did.kept, ['a', 'b']);
});

void t.test('what a session of this daemon left is kept while its channel lives', async (t) => {
  const scene = new Scene();
  scene.legs.set(caller, { application: 'bridge', daemonId: id('me') });
  scene.care.adopt([lease('a')], lease('a'));
  await scene.round();
  t.same(scene.did, { broken: [], kept: ['a'], released: [] }, 'no session has it, though this daemon lives');
  scene.sessions.add(caller);
  await scene.round();
  t.same(scene.did, { broken: [], kept: [], released: [] }, 'a session has it again');
  t.equal(scene.care.watched, 0);
});

void t.test('a channel nobody could ask about: its end is told to whoever left it, once', async (t) => {
  const scene = new Scene();
  let ends = 0;
  scene.reachable = false;
  scene.care.adopt([lease('a')], lease('a'), () => {
    ends += 1;
  });
  await scene.round();
  t.same(scene.did, { broken: [], kept: [], released: [] });
  t.equal(ends, 0);
  scene.reachable = true;
  await scene.round();
  await scene.round();
  t.same(scene.did, { broken: [], kept: [], released: ['a'] });
  t.equal(ends, 1);
});

void t.test('its switch never comes back, or this daemon goes: the end is told all the same', async (t) => {
  for (const goes of [false, true]) {
    const scene = new Scene();
    let ends = 0;
    scene.connected = false;
    scene.care.adopt([lease('a')], lease('a'), () => {
      ends += 1;
    });
    await scene.round();
    t.equal(ends, 0);
    if (goes) scene.care.stop();
    else scene.nowMs += 16 * 60_000;
    await scene.round();
    await scene.round();
    scene.care.stop();
    t.equal(ends, 1);
    t.same(scene.did.released, [], 'the channel may live: its lease expires');
    scene.care.adopt([lease('b')], lease('b'), () => {
      ends += 1;
    });
    t.equal(ends, 2, 'one that comes after the stop does not wait');
  }
});
