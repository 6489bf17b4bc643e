import type { CapClaim, CapLease, CapScope } from './cap-lease.ts';
import type { CapsLog } from './caps-log.ts';
import { holderText, limitText } from './lease-book.ts';
import { LocalLine } from './local-line.ts';
import { scripts } from './lua-script.ts';
import type { RedisCaps } from './redis-caps.ts';
import { RedisAway } from './redis-link.ts';
import { type CallerLines, WaitingCaller } from './waiting-caller.ts';
import type { WaitingLines } from './waiting-line.ts';

const joinOrderSpan = 1e13;
const highestPriority = 400;
const callersPerStay = 100;

/**
 * Waiting lines in Redis, on the connection and with the renewal of RedisCaps. In each line this daemon lets only its
 * first caller ask for its turn: when it joins, when Redis says that a slot is free or that it is the head, when the
 * earliest lease in its way would expire, and when the connection has come back.
 */
export class RedisWaitingLines implements WaitingLines, CallerLines {
  readonly #caps: RedisCaps;
  readonly #log: CapsLog;
  readonly #lines = new Map<string, LocalLine>();
  #started = false;
  #lossTimer: NodeJS.Timeout | undefined;

  constructor(options: { readonly caps: RedisCaps; readonly log: CapsLog }) {
    this.#caps = options.caps;
    this.#log = options.log;
  }

  /** Begins to listen on the connection of the caps. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#caps.link.subscribe(this.#caps.keys.channel, (message) => this.#hear(message));
    this.#caps.link.onUp('lines', () => {
      clearTimeout(this.#lossTimer);
      this.retry();
    });
    this.#caps.link.onDown('lines', () => {
      clearTimeout(this.#lossTimer);
      this.#lossTimer = setTimeout(() => this.#loseAll(), this.#caps.leaseMs);
      this.#lossTimer.unref();
    });
    this.#caps.onRenewal(() => this.#stay());
  }

  /** Ends every wait without a grant; before the stop() of the caps. */
  async stop(): Promise<void> {
    clearTimeout(this.#lossTimer);
    const callers = this.#callers();
    await Promise.all(callers.map((caller) => this.leave(caller)));
    for (const caller of callers) caller.lose();
  }

  /** Calls of this daemon that wait, over all lines; for metrics. */
  get waiting(): number {
    return this.#callers().length;
  }

  async join(request: Parameters<WaitingLines['join']>[0]): ReturnType<WaitingLines['join']> {
    const { keys } = this.#caps;
    const caller = new WaitingCaller(this, request);
    const priority = Math.max(-highestPriority, Math.min(highestPriority, Math.trunc(request.priority)));
    const args = [
      caller.placeId,
      String(priority * joinOrderSpan),
      String(request.maxSize),
      String(this.#caps.leaseMs),
      request.line,
      keys.channel,
    ];
    try {
      const reply = await this.#caps.link.run(
        scripts.join,
        [...this.#lineKeys(request.line), keys.order],
        [...this.#caps.preamble(), ...args],
        () => void this.leave(caller),
      );
      const [joined, score] = Array.isArray(reply) ? reply : [];
      if (joined !== 1) return { joined: false, reason: 'full' };
      caller.score = String(score);
    } catch (error) {
      return { joined: 'unavailable', reason: this.#explain(error) };
    }
    const line = this.#lines.get(request.line) ?? new LocalLine(request.line);
    this.#lines.set(request.line, line);
    line.add(caller);
    // Where a slot is free the place is ready when it is handed out: such a caller hears no music and is not answered.
    if (line.first === caller) await this.#ask(line);
    return { joined: true, place: caller };
  }

  /** Lets the first caller of every line ask again; runs by itself when the connection has come back. */
  retry(): void {
    for (const line of this.#lines.values()) void this.#ask(line);
  }

  async position(caller: WaitingCaller): Promise<number> {
    return (await this.#whereabouts(caller)).position;
  }

  async expectedWaitMs(caller: WaitingCaller): Promise<number | undefined> {
    const { position, turns, sinceMs } = await this.#whereabouts(caller);
    return turns === 0 || position === 0 ? undefined : Math.round((sinceMs / turns) * position);
  }

  async leave(caller: WaitingCaller): Promise<void> {
    if (caller.left) return;
    caller.left = true;
    if (caller.grant !== undefined) {
      await this.#caps.release(caller.grant.lease);
      return;
    }
    this.#remove(caller);
    const { keys } = this.#caps;
    try {
      await this.#caps.link.run(
        scripts.leave,
        [keys.line(caller.line), keys.alive(caller.line)],
        [caller.placeId, caller.line, keys.channel],
      );
    } catch (error) {
      // Nobody says any more that it is there: it vanishes within the lease time.
      this.#log.debug({ callId: caller.callId, error }, 'left a place to expire');
    }
  }

  async #whereabouts(caller: WaitingCaller) {
    const { keys } = this.#caps;
    const [now = ''] = this.#caps.preamble();
    const reply = await this.#caps.link.run(
      scripts.position,
      [keys.line(caller.line), keys.turns(caller.line)],
      [now, caller.placeId],
    );
    const [position = 0, turns = 0, sinceMs = 0] = Array.isArray(reply) ? reply.map(Number) : [];
    return { position, turns, sinceMs };
  }

  #hear(message: string): void {
    const news = readNews(message);
    if (news.line !== undefined) {
      const line = this.#lines.get(news.line);
      if (line !== undefined && line.first?.placeId === news.head) void this.#ask(line);
      return;
    }
    const freed = (news.freed ?? []).map((key) => this.#caps.keys.scopeOf(key));
    for (const line of this.#lines.values()) {
      // Who stands behind is told when it becomes the head.
      if (line.state !== 'behind' && line.first?.wants(freed) === true) void this.#ask(line);
    }
  }

  async #ask(line: LocalLine): Promise<void> {
    const caller = line.first;
    if (caller === undefined || !this.#caps.link.connected) return;
    if (caller.asking) {
      line.again = true;
      return;
    }
    caller.asking = true;
    line.again = false;
    line.rest();
    try {
      const { keys, args } = this.#takeArguments(caller);
      const reply = await this.#caps.link.run(scripts.take, keys, args, (late) =>
        this.#settle(line, caller, late),
      );
      this.#settle(line, caller, reply);
    } catch (error) {
      // Not knowing whether it was granted we ask again, which cannot grant twice.
      caller.asking = false;
      this.#explain(error);
      if (this.#caps.link.connected) this.#askAfter(line, 1_000);
    }
  }

  #settle(line: LocalLine, caller: WaitingCaller, reply: unknown): void {
    caller.asking = false;
    const [verdict, first, nowMs, option] = Array.isArray(reply) ? reply : [];
    if (verdict === 'granted') {
      this.#grant(caller, Number(first), Number(nowMs), Number(option) - 1);
      return;
    }
    if (caller.left || line.first !== caller) return;
    line.state = verdict === 'behind' || verdict === 'full' ? verdict : 'unknown';
    if (line.again) void this.#ask(line);
    else this.#askAfter(line, Number(first));
  }

  #grant(caller: WaitingCaller, fence: number, nowMs: number, option: number): void {
    if (caller.grant !== undefined) return;
    const claims = caller.options[option] ?? [];
    const lease: CapLease = { leaseId: caller.leaseId, callId: caller.callId, claims, fence };
    if (caller.left) {
      // It left while it was asking.
      void this.#caps.release(lease);
      return;
    }
    this.#caps.book.enter(lease, nowMs, caller.holder);
    this.#remove(caller);
    caller.give(lease, option);
  }

  #remove(caller: WaitingCaller): void {
    const line = this.#lines.get(caller.line);
    if (line === undefined) return;
    const next = line.remove(caller);
    if (line.first === undefined) this.#lines.delete(line.name);
    else if (next) void this.#ask(line);
  }

  #takeArguments(caller: WaitingCaller): { readonly keys: string[]; readonly args: string[] } {
    const { keys, leaseMs, daemonId } = this.#caps;
    const { line, placeId, score, leaseId, callId } = caller;
    const scopes: CapScope[] = [...new Set(caller.options.flat().map((claim) => claim.scope))];
    const option = (claims: readonly CapClaim[]): string[] => [
      String(claims.length),
      ...claims.flatMap(({ scope, limit }) => [String(scopes.indexOf(scope) + 1), limitText(limit)]),
    ];
    return {
      keys: [
        ...this.#lineKeys(line),
        keys.turns(line),
        keys.lease(leaseId),
        ...scopes.map((scope) => keys.scope(scope)),
      ],
      args: [
        ...this.#caps.preamble(),
        ...Array.of<string>(placeId, score, leaseId, callId, daemonId, String(leaseMs), line, keys.channel),
        keys.heldBy,
        holderText(caller.holder),
        ...caller.options.flatMap(option),
      ],
    };
  }

  #lineKeys(line: string): string[] {
    const { keys } = this.#caps;
    return [keys.epoch, keys.fence, keys.lines, keys.line(line), keys.alive(line)];
  }

  /** Says that our callers are still there. Not for those that ask just now: asking says it too. */
  async #stay(): Promise<void> {
    const { keys, leaseMs } = this.#caps;
    const callers = this.#callers();
    for (let first = 0; first < callers.length; first += callersPerStay) {
      const here = callers
        .slice(first, first + callersPerStay)
        .filter(({ asking, left, grant }) => !asking && !left && grant === undefined);
      if (here.length === 0) continue;
      const theirKeys = here.flatMap(({ line }) => [keys.line(line), keys.alive(line)]);
      const theirs = here.flatMap(({ placeId, score, line }) => [placeId, score, line]);
      const restoring = await this.#caps.link.run(
        scripts.stay,
        [keys.epoch, keys.fence, keys.lines, ...theirKeys],
        [...this.#caps.preamble(), String(leaseMs), ...theirs],
      );
      // Redis forgot the lines too, and with them to tell us of slots that became free meanwhile.
      if (Number(restoring) > 0)
        for (const line of this.#lines.values()) this.#askAfter(line, Number(restoring));
    }
  }

  #callers(): WaitingCaller[] {
    return [...this.#lines.values()].flatMap((line) => line.callers);
  }

  #askAfter(line: LocalLine, ms: number): void {
    line.wakeAfter(ms + 1, () => void this.#ask(line));
  }

  #loseAll(): void {
    const callers = this.#callers();
    for (const line of this.#lines.values()) line.rest();
    this.#lines.clear();
    this.#log.warn({ waiting: callers.length }, 'waiting lines were lost');
    for (const caller of callers) caller.lose();
  }

  #explain(error: unknown): string {
    if (!(error instanceof RedisAway)) this.#log.warn({ error }, 'redis refused a script');
    return error instanceof Error ? error.message : String(error);
  }
}

/** What scripts publish: scopes' keys that were freed, or the new head of a line. */
function readNews(message: string): {
  readonly freed?: readonly string[];
  readonly line?: string;
  readonly head?: string;
} {
  try {
    return JSON.parse(message) as object;
  } catch {
    return {};
  }
}
