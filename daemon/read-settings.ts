import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { EnvironmentSchema, type SettingFacts } from './environment.ts';

export type Settings = Static<typeof EnvironmentSchema>;
export type Environment = Readonly<Record<string, string | undefined>>;

/** What of a setting's schema is read here. */
interface SettingSchema extends SettingFacts {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly description: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
}

/** Every setting by its name, in the order of the schema. */
export const settings: ReadonlyMap<string, TSchema & SettingSchema> = new Map(
  Object.entries<TSchema>(EnvironmentSchema.properties).map(([name, schema]) => [
    name,
    schema as TSchema & SettingSchema,
  ]),
);
const required: ReadonlySet<string> = new Set(EnvironmentSchema.required);
/** `CALLFABRIC_FREESWITCH_PASSWORD_<NAME>`: the one family of settings whose names depend on another one. */
export const switchPasswordPrefix = 'CALLFABRIC_FREESWITCH_PASSWORD_';

/**
 * The settings with their defaults, and everything that is wrong with them. An empty value counts as not set. In the
 * place of a wrong value stands its default (or example), so that what depends on it can be checked too.
 */
export function readSettings(env: Environment): { readonly values: Settings; readonly faults: string[] } {
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  faults.push(...exampleSecrets(env));
  for (const [name, schema] of settings) {
    const text = env[name]?.trim() ?? '';
    const value = text === '' ? schema.default : converted(text, schema);
    if (value !== undefined && Value.Check(schema, value)) {
      values[name] = value;
      continue;
    }
    if (text !== '') faults.push(`${name}${shown(text, schema)} ${expectation(schema)}`);
    else if (required.has(name)) faults.push(`${name} is not set: ${schema.remedy ?? schema.description}`);
    if (required.has(name)) values[name] = schema.default ?? schema.example;
  }
  for (const name of Object.keys(env))
    if (name.startsWith('CALLFABRIC_') && !settings.has(name) && !name.startsWith(switchPasswordPrefix)) {
      const near = nearest(name);
      const hint = near === undefined ? '' : ` (did you mean ${near}?)`;
      faults.push(`${name} is no setting of this version: remove it, or correct its name${hint}`);
    }
  return { values: Value.Parse(EnvironmentSchema, values), faults };
}

/** Secrets that are still those of the example file: it is published, so that they keep nobody out. */
function exampleSecrets(env: Environment): string[] {
  return Object.entries(env).flatMap(([name, text]) => {
    const family = name.startsWith(switchPasswordPrefix) ? 'CALLFABRIC_FREESWITCH_PASSWORD' : name;
    const schema = settings.get(family);
    if (schema?.secret !== true || schema.example === undefined || text?.trim() !== schema.example) return [];
    return [`${name} still has the value of the example file, which everybody knows: ${schema.remedy}`];
  });
}

const yesNo = new Map([
  ['yes', true],
  ['true', true],
  ['1', true],
  ['no', false],
  ['false', false],
  ['0', false],
]);

function converted(text: string, schema: SettingSchema): unknown {
  if (schema.type === 'integer') return /^\d{1,15}$/.test(text) ? Number(text) : text;
  if (schema.type === 'boolean') return yesNo.get(text.toLowerCase()) ?? text;
  return text;
}

function shown(text: string, schema: SettingSchema): string {
  return schema.secret === true ? '' : `=${text.slice(0, 80)}`;
}

function expectation(schema: SettingSchema): string {
  if (schema.type === 'integer') {
    const unit = schema.unit === undefined ? '' : ` ${schema.unit}`;
    return `must be a whole number from ${schema.minimum} to ${schema.maximum}${unit}`;
  }
  if (schema.type === 'boolean') return 'must be yes or no';
  if (schema.enum !== undefined) return `must be one of ${schema.enum.join(', ')}`;
  const length = schema.minLength === undefined ? '' : `needs at least ${schema.minLength} characters`;
  const remedy = schema.remedy ?? schema.description;
  return length === '' ? `is not usable: ${remedy}` : `${length}: ${remedy}`;
}

/** The setting whose name differs least, where it differs by a slip. */
function nearest(name: string): string | undefined {
  const [best] = [...settings.keys()]
    .map((known) => ({ known, distance: distance(name, known) }))
    .sort((a, b) => a.distance - b.distance);
  return best !== undefined && best.distance <= 4 ? best.known : undefined;
}

/** Levenshtein's: letters to change, add or leave out. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, n) => n);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1)
      next.push(
        Math.min(
          (next[j - 1] ?? 0) + 1,
          (row[j] ?? 0) + 1,
          (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
        ),
      );
    row = next;
  }
  return row.at(-1) ?? 0;
}
