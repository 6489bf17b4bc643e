import { applications } from './applications.ts';
import { type CalleeScript, calleeByName } from './callee-script.ts';
import { actAsCaller, type CallerScript, hangUpAsCaller } from './caller-script.ts';
import { createIncomingLeg } from './create-leg.ts';
import { type DialplanAction, hookDialplan, runDialplan } from './dialplan.ts';
import { toByteString } from './header-encoding.ts';
import { InboundServer } from './inbound-server.ts';
import { JsonCdrPoster, type JsonCdrSettings } from './json-cdr.ts';
import type { Leg } from './leg.ts';
import { finishLeg, hangUp } from './leg-end.ts';
import { pressKeys } from './originate.ts';
import { resetSocket } from './reset-socket.ts';
import { endOf, type SimulatedCall, type SimulatedCallEnd } from './simulated-call.ts';
import { SwitchCore } from './switch-core.ts';
import { newUuid } from './uuid.ts';

export interface SimulatorOptions {
  /** Daemons' addresses for the first socket, `host:port`; tried in order. */
  readonly daemons: readonly string[];
  /** For the takeover socket; default: the same. */
  readonly takeover?: readonly string[];
  /** Other actions than those of the hook. */
  readonly dialplan?: readonly DialplanAction[];
  /** After both sockets; default: 503. */
  readonly fallback?: DialplanAction;
  /** Port of the inbound event socket; 0 (default): any. */
  readonly inboundPort?: number;
  readonly password?: string;
  /** The switch's time runs so much faster than the wall's; default 1. */
  readonly speed?: number;
  /** Playing times by argument of `playback`, ms, or `missing`. */
  readonly files?: Readonly<Record<string, number | 'missing'>>;
  /** Playing time of any other file, ms; default 1,000. */
  readonly fileMs?: number;
  /** What destinations do, by user or number; default by name (`busy…`, `noanswer…`, else answers). */
  readonly callees?:
    | Readonly<Record<string, CalleeScript>>
    | ((destination: string) => CalleeScript | undefined);
  readonly apiExpansion?: boolean;
  readonly writeRecordings?: boolean;
  readonly jsonCdr?: JsonCdrSettings;
}

export interface CallOffer {
  /** Default: a new UUIDv4. */
  readonly uuid?: string;
  readonly from: string;
  /** Text, or raw bytes (a hostile display name). */
  readonly fromName?: string | Uint8Array;
  readonly to: string;
  readonly script?: CallerScript;
}

/** What is alive just now: all zero when every call is over and nobody is connected. */
export interface SimulatorSnapshot {
  readonly channels: number;
  readonly sockets: number;
  readonly inboundConnections: number;
  readonly timers: number;
  readonly cdrsPending: number;
  readonly cdrsPosted: number;
  readonly cdrsOnDisk: number;
  readonly channelsEver: number;
  /** `${function …}` that reached the switch from a daemon: FreeSWITCH might have run it. */
  readonly expansionsAttempted: readonly string[];
}

/** A FreeSWITCH for demo, tests and benchmarks: both event sockets, virtual media, scripted people. */
export class SwitchSimulator {
  readonly core: SwitchCore;
  readonly #options: SimulatorOptions;
  readonly #inbound: InboundServer;
  readonly #cdr: JsonCdrPoster;
  readonly #dialplan: readonly DialplanAction[];
  readonly #endings = new Map<Leg, (end: SimulatedCallEnd) => void>();
  #inboundPort = 0;
  #stopped = false;

  constructor(options: SimulatorOptions) {
    this.#options = options;
    this.core = new SwitchCore(
      {
        speed: options.speed ?? 1,
        files: new Map(Object.entries(options.files ?? {})),
        fileMs: options.fileMs ?? 1000,
        calleeFor: calleeSource(options.callees),
        apiExpansion: options.apiExpansion ?? false,
        writeRecordings: options.writeRecordings ?? true,
      },
      applications,
    );
    this.#inbound = new InboundServer(this.core, options.password ?? 'simulated');
    this.#cdr = new JsonCdrPoster(options.jsonCdr ?? { url: undefined, fallbackFolder: undefined });
    this.#dialplan =
      options.dialplan ??
      hookDialplan(options.daemons, options.takeover ?? options.daemons, options.fallback);
  }

  /** The port of the inbound event socket, once started. */
  get inboundPort(): number {
    return this.#inboundPort;
  }

  async start(): Promise<void> {
    this.core.onLegEnded = (leg) => {
      this.#cdr.post(leg, this.core.identity.uuid);
      this.#endings.get(leg)?.(endOf(leg));
      this.#endings.delete(leg);
    };
    this.#inboundPort = await this.#inbound.start(this.#options.inboundPort ?? 0);
  }

  /** Places a call: an INVITE arrives at the switch. Throws RangeError where the uuid is taken. */
  call(offer: CallOffer): SimulatedCall {
    if (this.#stopped) throw new Error('the simulated switch is stopped');
    const leg = createIncomingLeg(this.core, {
      uuid: offer.uuid ?? newUuid(),
      from: toByteString(offer.from),
      fromName: toByteString(offer.fromName ?? offer.from),
      to: toByteString(offer.to),
    });
    if (!this.core.register(leg)) throw new RangeError(`${leg.uuid} is a live channel already`);
    const ended = Promise.withResolvers<SimulatedCallEnd>();
    const answered = Promise.withResolvers<boolean>();
    leg.onAnswered = () => answered.resolve(true);
    this.#endings.set(leg, (end) => {
      answered.resolve(false);
      ended.resolve(end);
    });
    if (offer.script !== undefined) actAsCaller(this.core, leg, offer.script);
    runDialplan(this.core, leg, this.#dialplan);
    return {
      uuid: leg.uuid,
      leg,
      ended: ended.promise,
      answered: answered.promise,
      press: (digits) => pressKeys(leg, digits),
      hangUp: (how) => hangUpAsCaller(this.core, leg, how),
    };
  }

  /** Breaks the TCP connections to the daemons, as their death does; the calls live on. */
  resetDaemonSockets(): void {
    for (const wire of this.core.wires) resetSocket(wire);
  }

  /** Breaks the inbound connections; clients may come back. */
  dropInboundConnections(): void {
    this.#inbound.dropConnections();
  }

  snapshot(): SimulatorSnapshot {
    return {
      channels: this.core.legs.size,
      sockets: this.core.wires.size,
      inboundConnections: this.#inbound.connections,
      timers: this.core.clock.pending,
      cdrsPending: this.#cdr.pending,
      cdrsPosted: this.#cdr.posted,
      cdrsOnDisk: this.#cdr.keptOnDisk,
      channelsEver: this.core.channelsEver,
      expansionsAttempted: this.core.expansionsAttempted,
    };
  }

  /** Ends every call and connection; may be called twice. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const leg of this.core.legs.values()) {
      hangUp(this.core, leg, { cause: 'SYSTEM_SHUTDOWN' });
    }
    for (const wire of this.core.wires) wire.destroy();
    for (const leg of this.core.legs.values()) finishLeg(this.core, leg);
    await this.#inbound.stop();
    this.#cdr.stop();
    this.core.clock.cancelAll();
  }
}

function calleeSource(callees: SimulatorOptions['callees']): (destination: string) => CalleeScript {
  if (callees === undefined) return calleeByName;
  if (typeof callees === 'function')
    return (destination) => callees(destination) ?? calleeByName(destination);
  const known = new Map(Object.entries(callees));
  return (destination) => known.get(destination) ?? calleeByName(destination);
}
