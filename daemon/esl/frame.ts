import { utf8FromLatin1 } from './decode-value.ts';
import type { EslEvent } from './esl-event.ts';
import { JsonEvent } from './json-event.ts';
import { PlainEvent, rawHeader } from './plain-event.ts';

/** One unit of the Event Socket: a head, and a body where the head announced one. Both hold each byte as one character. */
export class Frame {
  readonly contentType: string;
  readonly head: string;
  readonly body: string;

  constructor(contentType: string, head: string, body: string) {
    this.contentType = contentType;
    this.head = head;
    this.body = body;
  }

  /** A header of the head as it came: replies are not url-encoded (the answer to `connect` is: see `event`). */
  header(name: string): string | undefined {
    const raw = rawHeader(this.head, name);
    return raw === undefined ? undefined : utf8FromLatin1(raw);
  }

  /** `Reply-Text`, `+OK …` or `-ERR …`; '' where there is none. */
  get replyText(): string {
    return this.header('Reply-Text') ?? '';
  }

  /** The body as text: an `api` command's answer. */
  get text(): string {
    return utf8FromLatin1(this.body);
  }

  /**
   * The event in this frame. The answer to `connect` is a bare head of CHANNEL_DATA headers, itself an event whose
   * values are url-encoded, `Reply-Text` too (mod_event_socket.c, parse_command).
   */
  get event(): EslEvent {
    switch (this.contentType) {
      case 'text/event-plain':
        return new PlainEvent(this.body);
      case 'text/event-json':
        return new JsonEvent(this.body);
      default:
        return new PlainEvent(`${this.head}\n`);
    }
  }
}
