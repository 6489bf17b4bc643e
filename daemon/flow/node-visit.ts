import type { Channel } from '../channel/channel.ts';
import type {
  CallFacts,
  Dialing,
  FlowReference,
  NodeContext,
  NodeLog,
  Queues,
  RecordingControl,
} from './node-context.ts';
import { traceReason } from './trace.ts';
import type { CallTags, CallVariables } from './variables.ts';

/** What the walker is given of a node's context; the rest it makes itself. */
export type WalkContext = Pick<
  NodeContext,
  'call' | 'channel' | 'dialing' | 'queues' | 'recording' | 'now' | 'random' | 'log'
>;

/** What a visit needs of the walk it belongs to. */
export interface VisitedWalk {
  readonly variables: CallVariables;
  readonly tags: CallTags;
  enterFlow(
    visit: RunningVisit,
    flow: FlowReference,
    inputs: Readonly<Record<string, string>>,
  ): ReturnType<NodeContext['enterFlow']>;
}

/** The context of one node while it runs. */
export class RunningVisit implements NodeContext {
  readonly nodeId: string;
  readonly resumed: boolean;
  readonly #given: WalkContext;
  readonly #walk: VisitedWalk;
  /** What the node said of itself. */
  explained: string | undefined;

  constructor(nodeId: string, resumed: boolean, given: WalkContext, walk: VisitedWalk) {
    this.nodeId = nodeId;
    this.resumed = resumed;
    this.#given = given;
    this.#walk = walk;
  }

  get call(): CallFacts {
    return this.#given.call;
  }
  get channel(): Channel {
    return this.#given.channel;
  }
  get variables(): CallVariables {
    return this.#walk.variables;
  }
  get tags(): CallTags {
    return this.#walk.tags;
  }
  get dialing(): Dialing {
    return this.#given.dialing;
  }
  get queues(): Queues {
    return this.#given.queues;
  }
  get recording(): RecordingControl {
    return this.#given.recording;
  }
  get log(): NodeLog {
    return this.#given.log;
  }

  now(): number {
    return this.#given.now();
  }

  random(): number {
    return this.#given.random();
  }

  wait(ms: number): Promise<void> {
    const { hungUp } = this.#given.channel;
    return new Promise((resolve, reject) => {
      if (hungUp.aborted) {
        reject(hungUp.reason);
        return;
      }
      const leave = () => {
        clearTimeout(timer);
        reject(hungUp.reason);
      };
      const timer = setTimeout(() => {
        hungUp.removeEventListener('abort', leave);
        resolve();
      }, ms);
      hungUp.addEventListener('abort', leave, { once: true });
    });
  }

  explain(reason: string): void {
    this.explained = traceReason(this.explained === undefined ? reason : `${this.explained}; ${reason}`);
  }

  enterFlow(
    flow: FlowReference,
    inputs: Readonly<Record<string, string>>,
  ): ReturnType<NodeContext['enterFlow']> {
    return this.#walk.enterFlow(this, flow, inputs);
  }
}
