import type { SwitchEvent } from './switch-event.ts';

/** The events `myevents` turns on (mod_event_socket.c): RECORD_STOP and PLAYBACK_STOP are not among them. */
const myEvents: readonly string[] = [
  'CHANNEL_ANSWER CHANNEL_APPLICATION CHANNEL_BRIDGE CHANNEL_CREATE CHANNEL_DATA CHANNEL_DESTROY',
  'CHANNEL_EXECUTE CHANNEL_EXECUTE_COMPLETE CHANNEL_HANGUP CHANNEL_HANGUP_COMPLETE CHANNEL_ORIGINATE',
  'CHANNEL_UUID CHANNEL_OUTGOING CHANNEL_PARK CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA CHANNEL_STATE',
  'CHANNEL_UNBRIDGE CHANNEL_UNPARK DETECTED_SPEECH DTMF NOTALK TALK',
].flatMap((names) => names.split(' '));

const eventName = /^[A-Z][A-Z_]+$/;

const variablePrefix = 'variable_';

interface Filter {
  /** In lower case. */
  readonly name: string;
  /** The channel variable it is about, in its own case. */
  readonly variable: string | undefined;
  readonly value: string;
  /** False where the value began with `-`: a match keeps the event away. */
  readonly positive: boolean;
  readonly text: string;
  readonly pattern: RegExp | undefined;
}

/** Which events one event socket connection wants, with the meaning mod_event_socket gives to filters. */
export class EventListener {
  format: 'plain' | 'json' = 'plain';
  readonly #names = new Set<string>();
  #filters: Filter[] = [];
  #custom = false;

  /** `event plain A B`, `event json all` …; the reply's text. */
  event(words: readonly string[]): string {
    const rest = this.#takeFormat(words);
    let count = 0;
    for (const word of rest) {
      if (this.#custom) this.#names.add(`CUSTOM ${word}`);
      else if (eventName.test(word.toUpperCase())) {
        count++;
        const name = word.toUpperCase();
        this.#names.add(name);
        if (name === 'CUSTOM') this.#custom = true;
      }
    }
    return count === 0 ? '-ERR no keywords supplied' : `+OK event listener enabled ${this.format}`;
  }

  nixEvent(words: readonly string[]): string {
    if (words.length === 0) return '-ERR no keywords supplied';
    for (const word of words) {
      if (word.toUpperCase() === 'ALL') this.#names.clear();
      else this.#names.delete(word.toUpperCase());
    }
    return '+OK events nixed';
  }

  noEvents(): string {
    if (this.#names.size === 0) return '-ERR not listening for events';
    this.#names.clear();
    this.#custom = false;
    return '+OK no longer listening for events';
  }

  myEvents(words: readonly string[]): string {
    this.#takeFormat(words);
    for (const name of myEvents) this.#names.add(name);
    return '+OK Events Enabled';
  }

  /** `filter Header value`, `filter add …`, `filter delete …`. */
  filter(argument: string): string {
    const [first = '', ...others] = argument.trimStart().split(' ');
    if (first.toLowerCase() === 'delete' && others.length > 0) {
      const [name = '', ...value] = others;
      const text = value.join(' ');
      this.#filters =
        name.toLowerCase() === 'all'
          ? []
          : this.#filters.filter(
              (filter) => filter.name !== name.toLowerCase() || (text !== '' && filter.text !== text),
            );
      return `+OK filter deleted. [${name}][${text}]`;
    }
    const [name = '', ...value] = first.toLowerCase() === 'add' ? others : [first, ...others];
    if (value.length === 0) return '-ERR invalid syntax';
    const text = value.join(' ');
    const compared = text.replace(/^[+\- ]+/, '');
    const lower = name.toLowerCase();
    this.#filters.push({
      name: lower,
      variable: lower.startsWith(variablePrefix) ? name.slice(variablePrefix.length) : undefined,
      text,
      value: compared.toLowerCase(),
      positive: !/^[+ ]*-/.test(text),
      pattern: text.startsWith('/') ? toPattern(text) : undefined,
    });
    return `+OK filter added. [${name}]=[${text}]`;
  }

  /** mod_event_socket.c event_handler: any positive match lets it through, a negative one that follows keeps it out. */
  wants(event: SwitchEvent): boolean {
    if (!this.#names.has(event.name) && !this.#names.has('ALL')) return false;
    if (event.name === 'CUSTOM' && !this.#names.has(`CUSTOM ${event.header('event-subclass')}`)) return false;
    if (this.#filters.length === 0) return true;
    let send = false;
    for (const filter of this.#filters) {
      if (send && filter.positive) continue;
      const value =
        filter.variable === undefined ? event.header(filter.name) : event.variable(filter.variable);
      if (value === undefined) continue;
      const matches = filter.pattern?.test(value) ?? value.toLowerCase() === filter.value;
      if (!matches) continue;
      if (!filter.positive) return false;
      send = true;
    }
    return send;
  }

  #takeFormat(words: readonly string[]): readonly string[] {
    const first = words[0]?.toLowerCase();
    if (first !== 'plain' && first !== 'json') return words;
    this.format = first;
    return words.slice(1);
  }
}

function toPattern(text: string): RegExp | undefined {
  const end = text.lastIndexOf('/');
  try {
    return new RegExp(end > 0 ? text.slice(1, end) : text.slice(1));
  } catch {
    return undefined;
  }
}
