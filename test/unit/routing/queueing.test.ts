import t from 'tap';
import type { CapLease } from '../../../daemon/caps/cap-lease.ts';
import type { WaitingLines, WaitingPlace } from '../../../daemon/caps/waiting-line.ts';
import type { CandidateSource } from '../../../daemon/flow/node-context.ts';
import { Queueing } from '../../../daemon/routing/queueing.ts';
import { buyer, call, dialing, lease, route } from './fakes.ts';

/** A place whose turn comes when the test says so; counts who left. */
class Place implements WaitingPlace {
  readonly #ready = new AbortController();
  grant: WaitingPlace['grant'];
  left = 0;
  get ready(): AbortSignal {
    return this.#ready.signal;
  }
  turn(granted?: CapLease, option = 0): void {
    this.grant = granted && { lease: granted, option };
    this.#ready.abort();
  }
  position(): Promise<number> {
    return Promise.reject(new Error('Redis is away'));
  }
  expectedWaitMs(): Promise<number | undefined> {
    return Promise.reject(new Error('Redis is away'));
  }
  async leave(): Promise<void> {
    this.left += 1;
  }
}

function queueing(answer: Awaited<ReturnType<WaitingLines['join']>>, of = route([buyer('a'), buyer('b')])) {
  const requests: Parameters<WaitingLines['join']>[0][] = [];
  let next = answer;
  const lines: WaitingLines = {
    async join(request) {
      requests.push(request);
      return next;
    },
  };
  const waitAgain = () => {
    next = { joined: true, place: new Place() };
  };
  const world = dialing({}, { route: of });
  const log = { debug: () => {}, info: () => {}, warn: () => {} };
  const queues = new Queueing({ lines, dialer: world.dialer, call, log });
  const join = (source: CandidateSource = { from: 'campaign' }) =>
    queues.join({ queue: 'main', priority: 5, maxSize: 9, source });
  return { ...world, join, requests, waitAgain };
}

async function joined(place: Place) {
  const world = queueing({ joined: true, place });
  const answer = await world.join();
  if (!answer.joined) throw new Error('not joined');
  return { ...world, place: answer.place };
}

void t.test("a call waits in its campaign's line for the caps of its candidates", async (t) => {
  const place = new Place();
  const world = queueing({ joined: true, place });
  await world.join();
  t.match(world.requests, [{ line: 'tenant:campaign:main', callId: 'call', priority: 5, maxSize: 9 }]);
  t.same(
    world.requests[0]?.options.map((claims) => claims.map(({ scope }) => scope)),
    [
      ['buyer:a', 'endpoint:a-sip'],
      ['buyer:b', 'endpoint:b-sip'],
    ],
  );
});

void t.test('its turn: the candidate is held before anybody hears of it', async (t) => {
  const place = new Place();
  const world = await joined(place);
  const heard = Promise.withResolvers<string | undefined>();
  world.place.ready.addEventListener('abort', () => heard.resolve(world.dialer.held?.key), {
    once: true,
  });
  place.turn(lease('slot'), 1);
  t.equal(await heard.promise, 'b-sip');
  t.equal(world.place.lost, false);
  t.equal(world.dialer.plan({ from: 'campaign' })[0]?.label, 'b-sip');
  t.same(world.caps.released, []);
  t.equal(place.left, 0, 'who passes the grant on does not leave');
});

void t.test('who waits for one buyer has a line of his own', async (t) => {
  const world = queueing({ joined: true, place: new Place() });
  await world.join({ from: 'buyer', buyer: 'b' });
  t.match(world.requests, [{ line: 'tenant:campaign:main:b', options: [[{ scope: 'buyer:b' }, {}]] }]);
});

void t.test('who waits again gives back the slot that was held and not dialled', async (t) => {
  const place = new Place();
  place.turn(lease('slot'));
  const world = await joined(place);
  t.equal(world.dialer.held?.key, 'a-sip');
  world.waitAgain();
  await world.join();
  t.same(world.caps.released, ['slot']);
});

void t.test('a turn that came while joining counts too', async (t) => {
  const place = new Place();
  place.turn(lease('slot'));
  const world = await joined(place);
  t.ok(world.place.ready.aborted);
  t.equal(world.dialer.held?.key, 'a-sip');
});

void t.test('leaving after the turn gives the slot back, leaving before it the place', async (t) => {
  const granted = new Place();
  const after = await joined(granted);
  granted.turn(lease('slot'));
  await after.place.leave();
  await after.place.leave();
  t.same(after.caps.released, ['slot']);
  t.equal(after.dialer.held, undefined);

  const early = new Place();
  const before = await joined(early);
  await before.place.leave();
  t.equal(early.left, 1);
  early.turn(lease('late')); // the line gives it back
  t.equal(before.dialer.held, undefined);
});

void t.test('a lost line lets the call go on without a slot', async (t) => {
  const place = new Place();
  const world = await joined(place);
  place.turn();
  t.ok(world.place.ready.aborted);
  t.ok(world.place.lost);
  const away = queueing({ joined: 'unavailable', reason: 'Redis is away' });
  t.match(await away.join(), { joined: true, place: { lost: true, ready: { aborted: true } } });
});

void t.test('a full line and an empty plan are told apart', async (t) => {
  t.same(await queueing({ joined: false, reason: 'full' }).join(), { joined: false, reason: 'full' });
  const nobody = queueing({ joined: true, place: new Place() }, route([]));
  t.same(await nobody.join(), { joined: false, reason: 'noCandidates' });
  t.same(nobody.requests, []);
});

void t.test('where the line cannot be asked there is no position to announce', async (t) => {
  const { place } = await joined(new Place());
  t.equal(await place.position(), 0);
  t.equal(await place.expectedWaitMs(), undefined);
});
