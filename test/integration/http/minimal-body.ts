import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';

/** What a string of some pattern may be: the first that fits. */
const texts = [
  'aaaaaaaaaaaa',
  '01981234-0000-7000-8000-00000000ffff',
  '+15551230099',
  'a@test.example',
  '2099-01-01T00:00:00Z',
  '2099-01-01',
  'USD',
  '1',
  'calls:read',
  'sip:a@test.example',
  'https://hooks.test.example/',
  'UTC',
];

interface Loose {
  readonly [keyword: string]: unknown;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly TSchema[];
  readonly properties?: Readonly<Record<string, TSchema>>;
  readonly required?: readonly string[];
  readonly minProperties?: number;
  readonly items?: TSchema;
  readonly minItems?: number;
  readonly minimum?: number;
}

/** The least that satisfies a schema: what it demands, and where it demands anything at all, its first field. */
export function minimalOf(schema: TSchema): unknown {
  const loose = schema as unknown as Loose;
  if ('const' in loose) return loose['const'];
  if (loose.enum !== undefined) return loose.enum[0];
  if (loose.anyOf?.[0] !== undefined) return minimalOf(loose.anyOf[0]);
  if (loose.type === undefined) return null;
  switch (loose.type) {
    case 'object': {
      const properties = Object.entries(loose.properties ?? {});
      const demanded = properties.filter(([name]) => loose.required?.includes(name));
      const kept =
        demanded.length < (loose.minProperties ?? 0) ? properties.slice(0, loose.minProperties) : demanded;
      return Object.fromEntries(kept.map(([name, of]) => [name, minimalOf(of)]));
    }
    case 'array':
      return loose.items === undefined
        ? []
        : Array.from({ length: loose.minItems ?? 0 }, () => minimalOf(loose.items as TSchema));
    case 'string':
      return texts.find((text) => Value.Check(schema, text)) ?? '';
    case 'integer':
    case 'number':
      return loose.minimum ?? 1;
    case 'boolean':
      return false;
    default:
      return null;
  }
}
