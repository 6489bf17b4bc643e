import { apiKey } from './house.ts';

export interface StreamEvent {
  readonly id: string;
  readonly event: string;
  readonly data: Record<string, unknown>;
}

/** A reader of `/live`, as a client writes one. */
export class EventStream {
  readonly events: StreamEvent[] = [];
  readonly #abort = new AbortController();
  /** The last id, of an event or of the place where the stream began. */
  lastId = '';
  /** Resolves when the stream is over: true where the server ended it. */
  over: Promise<boolean> = Promise.resolve(false);

  static async open(address: string, tenantId: string, lastEventId?: string): Promise<EventStream> {
    const stream = new EventStream();
    const answer = await fetch(`${address}/live`, {
      signal: stream.#abort.signal,
      headers: {
        authorization: `Bearer ${apiKey}`,
        'x-callfabric-tenant': tenantId,
        ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
      },
    });
    if (!answer.ok || answer.body === null) throw new Error(`no stream: ${answer.status}`);
    stream.over = stream.#read(answer.body).then(
      () => true,
      () => false,
    );
    return stream;
  }

  close(): void {
    this.#abort.abort();
  }

  /** Of one call, and of its buyer's cap. */
  kindsOf(callId: string, scope: string): string[] {
    return this.events
      .filter(({ data }) => data['callId'] === callId || data['scope'] === scope)
      .map(({ event }) => event);
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    let text = '';
    for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
        this.#take(text.slice(0, end));
        text = text.slice(end + 2);
      }
    }
  }

  #take(block: string): void {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
    this.lastId = field('id') ?? this.lastId;
    const event = field('event');
    if (event !== undefined)
      this.events.push({
        id: this.lastId,
        event,
        data: JSON.parse(field('data') ?? '{}') as Record<string, unknown>,
      });
  }
}
