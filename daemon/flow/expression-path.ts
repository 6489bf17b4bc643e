import type { CallFacts, Variables } from './node-context.ts';

/** What a condition may look at. Every NodeContext is one. */
export interface ExpressionFacts {
  readonly call: Pick<
    CallFacts,
    'caller' | 'callerName' | 'did' | 'didTags' | 'campaignId' | 'publisherId' | 'startedAtMs'
  >;
  readonly variables: Pick<Variables, 'get'>;
  readonly tags: ReadonlySet<string>;
  /** Milliseconds since 1970. */
  now(): number;
}

/** One text, several (tags), or nothing. */
export type FactValue = string | undefined | Iterable<string>;
type Reader = (facts: ExpressionFacts, zone: string) => FactValue;

const areaCodeOf = (caller: string): string | undefined =>
  /^\+1\d{10}$/.test(caller) ? caller.slice(2, 5) : undefined;

const readers: Readonly<Record<string, Reader>> = {
  caller: ({ call }) => call.caller,
  'caller.areaCode': ({ call }) => areaCodeOf(call.caller),
  'caller.name': ({ call }) => call.callerName,
  'call.caller': ({ call }) => call.caller,
  'call.callerName': ({ call }) => call.callerName,
  'call.did': ({ call }) => call.did,
  'call.campaign': ({ call }) => call.campaignId,
  'call.publisher': ({ call }) => call.publisherId,
  'call.seconds': (facts) => String(Math.floor((facts.now() - facts.call.startedAtMs) / 1000)),
  did: ({ call }) => call.did,
  'did.tags': ({ call }) => call.didTags,
  tags: ({ tags }) => tags,
  repeat: ({ variables }) => variables.get('repeat'),
  'time.hour': (facts, zone) => String(Number(wallClock(facts.now(), zone).hour)),
  'time.minute': (facts, zone) => String(Number(wallClock(facts.now(), zone).minute)),
  'time.clock': (facts, zone) => {
    const { hour, minute } = wallClock(facts.now(), zone);
    return `${hour}:${minute}`;
  },
  'time.weekday': (facts, zone) => weekdays[wallClock(facts.now(), zone).weekday],
  'time.date': (facts, zone) => {
    const { year, month, day } = wallClock(facts.now(), zone);
    return `${year}-${month}-${day}`;
  },
};

/** ISO 8601: Monday is 1. */
export const weekdays: Readonly<Record<string, string>> = {
  Mon: '1',
  Tue: '2',
  Wed: '3',
  Thu: '4',
  Fri: '5',
  Sat: '6',
  Sun: '7',
};

const variableForm = /^variables\.(.{1,64})$/s;
/** What the queue node leaves in the variables of these names. */
const queueForm = /^queue\.[A-Za-z0-9]{1,40}$/;

/** The paths a condition may name; `<name>` stands for a variable's. */
export const expressionPaths: readonly string[] = [
  ...Object.keys(readers),
  'queue.<name>',
  'variables.<name>',
];

/** How to read a path, or undefined where there is no such path. */
export function readerOf(path: string): Reader | undefined {
  if (Object.hasOwn(readers, path)) return readers[path];
  const name = variableForm.exec(path)?.[1] ?? (queueForm.test(path) ? path : undefined);
  return name === undefined ? undefined : ({ variables }) => variables.get(name);
}

const mostZones = 700;
const clocks = new Map<string, Intl.DateTimeFormat>();

/** True for a zone of the IANA database, or an offset such as `+02:00`. */
export function isZone(zone: string): boolean {
  try {
    clockOf(zone);
    return true;
  } catch {
    return false;
  }
}

function clockOf(zone: string): Intl.DateTimeFormat {
  let clock = clocks.get(zone);
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      weekday: 'short',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
    });
    const oldest = clocks.size >= mostZones ? clocks.keys().next().value : undefined;
    if (oldest !== undefined) clocks.delete(oldest);
    clocks.set(zone, clock);
  }
  return clock;
}

export type WallClock = Record<'weekday' | 'year' | 'month' | 'day' | 'hour' | 'minute', string>;

export function wallClock(nowMs: number, zone: string): WallClock {
  const parts: WallClock = { weekday: '', year: '', month: '', day: '', hour: '', minute: '' };
  for (const { type, value } of clockOf(zone).formatToParts(nowMs))
    if (type in parts) parts[type as keyof WallClock] = value;
  return parts;
}
