import type { TObject } from 'typebox';
import type { NodeDefinition } from '../../../daemon/flow/define-node.ts';
import type {
  AttemptOptions,
  AttemptResult,
  Candidate,
  CandidateSource,
  Dialing,
  NodeContext,
  QueuePlace,
  Queues,
  RecordingControl,
} from '../../../daemon/flow/node-context.ts';
import { checkParams } from '../../../daemon/flow/node-params.ts';
import { CallVariables } from '../../../daemon/flow/variables.ts';
import type {
  BuyerId,
  CallId,
  CampaignId,
  EndpointId,
  FlowVersionId,
  PhoneNumberId,
  TenantId,
} from '../../../daemon/telephony/ids.ts';
import { FakeChannel, type FakeChannelScript } from '../fake-channel.ts';

/** Candidates and what their attempts come to, in order. */
export class FakeDialing implements Dialing {
  readonly sources: CandidateSource[] = [];
  readonly attempts: { candidate: Candidate; options: AttemptOptions }[] = [];
  readonly #plan: readonly Candidate[];
  readonly #results: AttemptResult[];
  /** Runs before each attempt ends. */
  onAttempt: () => void = () => {};

  constructor(plan: readonly Candidate[], results: readonly Partial<AttemptResult>[]) {
    this.#plan = plan;
    this.#results = results.map((result) => ({ ...noAnswer, ...result }));
  }

  async candidates(source: CandidateSource): Promise<readonly Candidate[]> {
    this.sources.push(source);
    return this.#plan;
  }

  async attempt(candidate: Candidate, options: AttemptOptions): Promise<AttemptResult> {
    this.attempts.push({ candidate, options });
    this.onAttempt();
    return this.#results.shift() ?? noAnswer;
  }
}

export const noAnswer: AttemptResult = {
  outcome: 'no_answer',
  cause: 'NO_ANSWER',
  sipCode: undefined,
  cappedBy: undefined,
  hungUpBy: undefined,
  talkedMs: 0,
};
export const connected: Partial<AttemptResult> = {
  outcome: 'connected',
  cause: 'NORMAL_CLEARING',
  hungUpBy: 'B',
  talkedMs: 60_000,
};

export function candidate(name: string, rejected?: string): Candidate {
  return {
    buyerId: `buyer-${name}` as BuyerId,
    buyerName: `Buyer ${name}`,
    endpointId: `endpoint-${name}` as EndpointId,
    label: name,
    rejected,
  };
}

/** A place whose turn comes when the test says so. */
export class FakePlace implements QueuePlace {
  readonly #ready = new AbortController();
  lost = false;
  left = 0;
  place = 1;
  waitMs: number | undefined = undefined;

  get ready(): AbortSignal {
    return this.#ready.signal;
  }
  turn(): void {
    this.#ready.abort();
  }
  position(): Promise<number> {
    return Promise.resolve(this.place);
  }
  expectedWaitMs(): Promise<number | undefined> {
    return Promise.resolve(this.waitMs);
  }
  async leave(): Promise<void> {
    this.left += 1;
  }
}

type Joined = Awaited<ReturnType<Queues['join']>>;
export class FakeQueues implements Queues {
  readonly requests: Parameters<Queues['join']>[0][] = [];
  readonly #joined: Joined;
  constructor(joined: Joined) {
    this.#joined = joined;
  }
  async join(request: Parameters<Queues['join']>[0]): Promise<Joined> {
    this.requests.push(request);
    return this.#joined;
  }
}

export class FakeRecording implements RecordingControl {
  readonly done: unknown[] = [];
  answer: 'recording' | 'storageUnavailable' = 'recording';
  async start(options: object): Promise<'recording' | 'storageUnavailable'> {
    this.done.push(['start', options]);
    return this.answer;
  }
  runs = true;
  async stop(): Promise<boolean> {
    this.done.push(['stop']);
    return this.runs;
  }
  async adjust(adjustment: string): Promise<boolean> {
    this.done.push([adjustment]);
    return this.runs;
  }
}

export interface FakeParts {
  readonly script?: FakeChannelScript;
  readonly dialing?: Dialing;
  readonly queues?: Queues;
  readonly recording?: RecordingControl;
  readonly variables?: Readonly<Record<string, string>>;
  readonly caller?: string;
  readonly callerName?: string;
  readonly nowMs?: number;
  readonly enterFlow?: NodeContext['enterFlow'];
}

export interface FakeContext extends NodeContext {
  readonly channel: FakeChannel;
  readonly explained: string[];
  readonly warned: string[];
  readonly waits: number[];
  /** The clock the node sees. */
  clockMs: number;
}

/** A node's world without switch, Redis or walker. */
export function fakeContext(parts: FakeParts = {}): FakeContext {
  const channel = new FakeChannel({ answered: true, ...parts.script });
  const variables = new CallVariables();
  for (const [name, value] of Object.entries(parts.variables ?? {})) variables.set(name, value);
  const explained: string[] = [];
  const warned: string[] = [];
  const waits: number[] = [];
  const context: FakeContext = {
    nodeId: 'node',
    call: {
      callId: 'call-1' as CallId,
      tenantId: 'tenant-1' as TenantId,
      campaignId: 'campaign-1' as CampaignId,
      phoneNumberId: 'number-1' as PhoneNumberId,
      publisherId: undefined,
      caller: parts.caller ?? '+15125550100',
      callerName: parts.callerName ?? 'Alice',
      did: '+15551234567',
      flowVersionId: 'version-1' as FlowVersionId,
      startedAtMs: 0,
      didTags: [],
    },
    channel,
    variables,
    tags: new Set(),
    dialing: parts.dialing ?? new FakeDialing([], []),
    queues: parts.queues ?? new FakeQueues({ joined: false, reason: 'noCandidates' }),
    recording: parts.recording ?? new FakeRecording(),
    resumed: false,
    clockMs: parts.nowMs ?? 1_000_000,
    now: () => context.clockMs,
    random: () => 0.5,
    async wait(ms) {
      waits.push(ms);
      channel.hungUp.throwIfAborted();
    },
    explain: (reason) => explained.push(reason),
    explained,
    warned,
    waits,
    enterFlow: parts.enterFlow ?? (() => Promise.resolve({ missing: 'no such flow' })),
    log: { debug: () => {}, info: () => {}, warn: (_, message) => warned.push(message) },
  };
  return context;
}

/** Runs a node as the walker does: its params checked and with their defaults. Throws where publishing would refuse them. */
export function runNode<Params extends TObject, Exit extends string>(
  definition: NodeDefinition<Params, Exit>,
  params: object,
  ctx: NodeContext,
): Promise<string> {
  const checked = checkParams(definition, params);
  if (checked.params === undefined) throw new Error(JSON.stringify(checked.faults));
  return definition.run(ctx, checked.params as never);
}

/** The fields publishing would complain of. */
export function faultsOf<Params extends TObject, Exit extends string>(
  definition: NodeDefinition<Params, Exit>,
  params: object,
): string[] {
  return checkParams(definition, params).faults.map(({ field }) => field);
}

/** A key pressed while music or a sound plays. */
export const digit = (key: string) => ({ end: 'digit' as const, digit: key });
export const file = (path: string) => ({ kind: 'file' as const, path });
