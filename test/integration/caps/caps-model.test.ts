import fc from 'fast-check';
import t from 'tap';
import type { CapClaim, CapLease, CapScope } from '../../../daemon/caps/cap-lease.ts';
import type { RedisCaps } from '../../../daemon/caps/redis-caps.ts';
import { leaseMs, request, restoringMs, type World, world } from './world.ts';

const limits = [1, 2, undefined] as const;

/** What ought to be true: which leases live calls hold, and until when the leases of crashed daemons may linger. */
interface Model {
  readonly live: { readonly daemon: number; readonly lease: CapLease; renewedAtMs: number }[];
  readonly crashed: { readonly lease: CapLease; readonly goneAtMs: number }[];
  readonly released: Set<string>;
  /** Nothing was flushed or left to expire: the model knows every answer. */
  undisturbed: boolean;
  /** Every live lease was renewed within its time, and in the restoring window where there was one. */
  renewedInTime: boolean;
  /** Redis lost its memory: whose leases are not back yet, and when (once a script has noticed) it opens again. */
  loss: { readonly missing: Set<string>; opensAtMs: number | undefined } | undefined;
}

function leasesIn(scope: CapScope, held: readonly { readonly lease: CapLease }[]): number {
  return held.filter(({ lease }) => lease.claims.some((claim) => claim.scope === scope)).length;
}

/** A script other than holders.lua ran: it notices a loss. */
function notice(model: Model, nowMs: number): void {
  if (model.loss === undefined) return;
  model.loss.opensAtMs ??= nowMs + restoringMs;
}

interface Real {
  readonly it: World;
  readonly daemons: readonly RedisCaps[];
  readonly run: number;
}

function scopeOf(run: number, index: number): CapScope {
  return `buyer:${run}-${index}`;
}

async function check(model: Model, { it, daemons, run }: Real): Promise<void> {
  for (const [index, limit] of limits.entries()) {
    const holders = (await daemons[0]?.holders(scopeOf(run, index))) ?? [];
    if (limit !== undefined && holders.length > limit) {
      throw new Error(`${holders.length} holders of ${limit}`);
    }
    const talking = leasesIn(scopeOf(run, index), model.live);
    if (limit !== undefined && model.renewedInTime && talking > limit) {
      throw new Error(`${talking} calls of ${limit}, although every lease was renewed in time`);
    }
    for (const { leaseId } of holders) {
      if (model.released.has(leaseId)) throw new Error('a released lease holds');
      const crashed = model.crashed.find(({ lease }) => lease.leaseId === leaseId);
      if (crashed !== undefined && crashed.goneAtMs <= it.nowMs) throw new Error('a lease outlived its time');
    }
  }
}

abstract class Step implements fc.AsyncCommand<Model, Real> {
  check(): boolean {
    return true;
  }
  async run(model: Model, real: Real): Promise<void> {
    await this.act(model, real);
    await check(model, real);
  }
  abstract act(model: Model, real: Real): Promise<void>;
  abstract toString(): string;
}

class Acquire extends Step {
  readonly daemon: number;
  readonly scopes: readonly number[];
  constructor(daemon: number, scopes: readonly number[]) {
    super();
    this.daemon = daemon;
    this.scopes = scopes;
  }
  async act(model: Model, { it, daemons, run }: Real): Promise<void> {
    const claims: CapClaim[] = this.scopes.map((index) => ({
      scope: scopeOf(run, index),
      limit: limits[index],
    }));
    const everybody = [...model.live, ...model.crashed];
    const fits = claims.every(
      ({ scope, limit }) => limit === undefined || leasesIn(scope, everybody) < limit,
    );
    notice(model, it.nowMs);
    const decision = await daemons[this.daemon]?.acquire(request(...claims));
    if (model.undisturbed && decision?.granted !== fits) {
      throw new Error(`${JSON.stringify(decision)} but there is ${fits ? '' : 'no '}room`);
    }
    if (decision?.granted === true) {
      model.live.push({ daemon: this.daemon, lease: decision.lease, renewedAtMs: it.nowMs });
    }
  }
  toString(): string {
    return `acquire(${this.daemon}, [${this.scopes}])`;
  }
}

class Release extends Step {
  readonly pick: number;
  readonly times: number;
  constructor(pick: number, times: number) {
    super();
    this.pick = pick;
    this.times = times;
  }
  async act(model: Model, { daemons }: Real): Promise<void> {
    const [held] = model.live.splice(this.pick % Math.max(1, model.live.length), 1);
    if (held === undefined) return;
    model.released.add(held.lease.leaseId);
    model.loss?.missing.delete(held.lease.leaseId);
    for (let time = 0; time < this.times; time += 1) await daemons[held.daemon]?.release(held.lease);
  }
  toString(): string {
    return `release(${this.pick}, ${this.times} times)`;
  }
}

class Renew extends Step {
  readonly daemon: number;
  constructor(daemon: number) {
    super();
    this.daemon = daemon;
  }
  async act(model: Model, { it, daemons }: Real): Promise<void> {
    notice(model, it.nowMs);
    await daemons[this.daemon]?.renew();
    for (const held of model.live) {
      if (held.daemon !== this.daemon) continue;
      held.renewedAtMs = it.nowMs;
      model.loss?.missing.delete(held.lease.leaseId);
    }
  }
  toString(): string {
    return `renew(${this.daemon})`;
  }
}

class Crash extends Step {
  readonly daemon: number;
  readonly heir: number | undefined;
  constructor(daemon: number, heir: number | undefined) {
    super();
    this.daemon = daemon;
    this.heir = heir === daemon ? undefined : heir;
  }
  async act(model: Model, { daemons, it }: Real): Promise<void> {
    for (const held of model.live.filter(({ daemon }) => daemon === this.daemon)) {
      model.live.splice(model.live.indexOf(held), 1);
      daemons[this.daemon]?.disown(held.lease);
      if (this.heir === undefined) {
        model.loss?.missing.delete(held.lease.leaseId);
        model.crashed.push({ lease: held.lease, goneAtMs: it.nowMs + leaseMs });
        model.undisturbed = false;
      } else {
        daemons[this.heir]?.adopt(held.lease);
        model.live.push({ ...held, daemon: this.heir });
      }
    }
  }
  toString(): string {
    return `crash(${this.daemon}${this.heir === undefined ? '' : `, taken over by ${this.heir}`})`;
  }
}

class Pass extends Step {
  readonly ms: number;
  constructor(ms: number) {
    super();
    this.ms = ms;
  }
  async act(model: Model, { it }: Real): Promise<void> {
    it.nowMs += this.ms;
    model.undisturbed = false;
    if (model.live.some(({ renewedAtMs }) => renewedAtMs + leaseMs <= it.nowMs)) model.renewedInTime = false;
    if (model.loss?.opensAtMs !== undefined && model.loss.opensAtMs <= it.nowMs) {
      if (model.loss.missing.size > 0) model.renewedInTime = false;
      model.loss = undefined;
    }
  }
  toString(): string {
    return `pass(${this.ms} ms)`;
  }
}

class Flush extends Step {
  async act(model: Model, { it }: Real): Promise<void> {
    await it.redis('FLUSHALL');
    model.undisturbed = false;
    model.loss = { missing: new Set(model.live.map(({ lease }) => lease.leaseId)), opensAtMs: undefined };
  }
  toString(): string {
    return 'FLUSHALL';
  }
}

/** When the faults are over, live calls are counted again as far as there is room, and nothing else is. */
async function settle(model: Model, { it, daemons, run }: Real): Promise<void> {
  for (const ms of [0, restoringMs, leaseMs - 1, leaseMs - 1]) {
    it.nowMs += ms;
    for (const daemon of daemons) await daemon.renew();
  }
  for (const [index, limit] of limits.entries()) {
    const scope = scopeOf(run, index);
    const live = leasesIn(scope, model.live);
    const held = (await daemons[0]?.holders(scope))?.length;
    const expected = Math.min(live, limit ?? live);
    if (held !== expected) throw new Error(`${held} holders where ${live} live, limit ${limit}`);
    const next = await daemons[0]?.acquire(request({ scope, limit }));
    if (next?.granted !== (limit === undefined || held < limit)) throw new Error(JSON.stringify(next));
  }
  for (const { daemon, lease } of model.live) daemons[daemon]?.disown(lease);
}

const daemon = fc.nat({ max: 2 });
const steps = [
  fc
    .tuple(daemon, fc.uniqueArray(fc.nat({ max: 2 }), { minLength: 1, maxLength: 2 }))
    .map(([who, scopes]) => new Acquire(who, scopes)),
  fc
    .tuple(fc.nat({ max: 20 }), fc.integer({ min: 1, max: 2 }))
    .map(([pick, times]) => new Release(pick, times)),
  daemon.map((who) => new Renew(who)),
  fc.tuple(daemon, fc.option(daemon, { nil: undefined, freq: 1 })).map(([who, heir]) => new Crash(who, heir)),
  fc.constantFrom(1, 5_000, restoringMs, leaseMs - 1, leaseMs).map((ms) => new Pass(ms)),
  fc.constant(new Flush()),
];

void t.test('never more holders than the limit, never a leak, in any order of faults', async (t) => {
  const it = await world(t);
  const never = { renewMs: 3_600_000, deadlineMs: 30_000 };
  const daemons = [await it.daemon(never), await it.daemon(never), await it.daemon(never)];
  let run = 0;
  const faults = fc.asyncProperty(fc.commands(steps, { maxCommands: 60, size: '+1' }), async (commands) => {
    const model: Model = {
      live: [],
      crashed: [],
      released: new Set(),
      undisturbed: true,
      renewedInTime: true,
      loss: undefined,
    };
    run += 1;
    const real: Real = { it, daemons, run };
    await daemons[0]?.acquire(request({ scope: 'tenant:any', limit: undefined }));
    for (const lease of daemons) for (const id of lease.book.ids()) lease.disown({ leaseId: id });
    it.nowMs += leaseMs + restoringMs;
    await fc.asyncModelRun(() => ({ model, real }), commands);
    await settle(model, real);
  });
  const result = await fc.check(faults, { includeErrorInReport: true, numRuns: 200 });
  t.equal(await fc.asyncDefaultReportMessage(result), undefined);
  t.equal(result.numRuns, 200);
});
