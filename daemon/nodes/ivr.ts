import { Type } from 'typebox';
import { defineNode } from '../flow/define-node.ts';
import { compilePattern, patternFault } from '../flow/pattern.ts';
import { askForKeys, notice } from './parts/keys.ts';
import { PromptSchema, prompt } from './parts/prompt.ts';

const seconds = (initial: number, description: string) =>
  Type.Number({ default: initial, minimum: 0.1, maximum: 120, description });
const tries = (description: string) => Type.Integer({ default: 3, minimum: 1, maximum: 10, description });

export const ivr = defineNode({
  type: 'ivr',
  help: 'Plays a menu and goes on by the keys the caller presses; answers the call first.',
  params: Type.Object(
    {
      prompt: PromptSchema,
      invalidPrompt: Type.Optional(prompt('Heard after keys that mean nothing here, before the next try.')),
      timeoutPrompt: Type.Optional(prompt('Heard when nothing was pressed, before the next try.')),
      keys: Type.Array(Type.String({ pattern: '^[0-9*#]{1,20}$' }), {
        default: [],
        maxItems: 100,
        uniqueItems: true,
        description: 'What may be pressed; each has its exit `key:<digits>`.',
      }),
      matches: Type.Array(
        Type.Object(
          {
            name: Type.String({
              pattern: '^[A-Za-z0-9_-]{1,40}$',
              description: 'Of the exit `match:<name>`.',
            }),
            pattern: Type.String({ minLength: 1, maxLength: 200, description: 'RE2 syntax, whole entry.' }),
          },
          { additionalProperties: false },
        ),
        {
          default: [],
          maxItems: 20,
          description: 'Direct dial: patterns tried after `keys`, exit `match:<name>`.',
        },
      ),
      minDigits: Type.Integer({
        default: 1,
        minimum: 1,
        maximum: 20,
        description: 'Fewest digits of an entry.',
      }),
      maxDigits: Type.Integer({
        default: 1,
        minimum: 1,
        maximum: 20,
        description: 'The entry ends by itself here.',
      }),
      terminator: Type.String({
        default: '',
        pattern: '^[0-9*#]?$',
        description: 'Ends a longer entry early.',
      }),
      firstDigitTimeoutSeconds: seconds(5, 'How long to wait for the first digit after the prompt.'),
      interDigitTimeoutSeconds: seconds(3, 'How long to wait for each further digit.'),
      maxTimeouts: tries('The exit `timeout` is taken at this many tries without a key.'),
      maxInvalid: tries('The exit `invalid` is taken at this many wrong entries.'),
      bargeIn: Type.Boolean({ default: true, description: 'A key stops the prompt.' }),
      variable: Type.Optional(
        Type.String({ pattern: '^[A-Za-z0-9_]{1,64}$', description: 'Keeps the accepted digits.' }),
      ),
    },
    { additionalProperties: false },
  ),
  exits: { 'key:<d>': 'optional', 'match:<name>': 'optional', timeout: 'required', invalid: 'required' },
  exitHelp: {
    'key:<d>': 'the caller entered one of `keys`',
    'match:<name>': 'the entry fits the pattern of this name',
    timeout: 'nothing was entered, `maxTimeouts` times',
    invalid: 'what was entered means nothing here, `maxInvalid` times',
  },
  namedExits: (params) => [
    ...params.keys.map((key) => `key:${key}`),
    ...params.matches.map((match) => `match:${match.name}`),
  ],
  waitsForCaller: true,
  check(params) {
    const faults = params.matches.flatMap(({ pattern }, index) => {
      const fault = patternFault(pattern);
      return fault === undefined ? [] : [{ field: `/matches/${index}/pattern`, message: fault }];
    });
    if (params.keys.length + params.matches.length === 0)
      faults.push({ field: '/keys', message: 'a menu needs at least one key or direct dial pattern' });
    if (params.maxDigits < params.minDigits)
      faults.push({ field: '/maxDigits', message: 'must not be less than minDigits' });
    params.keys.forEach((key, index) => {
      if (key.length < params.minDigits || key.length > params.maxDigits)
        faults.push({
          field: `/keys/${index}`,
          message: 'can never be entered: see minDigits and maxDigits',
        });
      if (params.terminator !== '' && key.includes(params.terminator))
        faults.push({ field: `/keys/${index}`, message: 'contains the terminator, which ends the entry' });
    });
    return faults;
  },
  async run(ctx, params) {
    if (!ctx.channel.answered) await ctx.channel.answer(); // keys are heard reliably only then
    let timeouts = 0;
    let invalid = 0;
    for (;;) {
      const entry = await askForKeys(ctx, params);
      if (entry.end === 'timeout') {
        timeouts += 1;
        if (timeouts >= params.maxTimeouts) {
          ctx.explain(`no key in ${timeouts} tries`);
          return 'timeout';
        }
        await notice(ctx, params.timeoutPrompt);
        continue;
      }
      const key = params.keys.find((candidate) => candidate === entry.digits);
      const match =
        key === undefined
          ? params.matches.find(({ pattern }) => compilePattern(pattern).matches(entry.digits))
          : undefined;
      if (key !== undefined || match !== undefined) {
        if (params.variable !== undefined) ctx.variables.set(params.variable, entry.digits);
        return match === undefined ? `key:${entry.digits}` : `match:${match.name}`;
      }
      invalid += 1;
      if (invalid >= params.maxInvalid) {
        ctx.explain(`${invalid} entries that mean nothing here`);
        return 'invalid';
      }
      await notice(ctx, params.invalidPrompt);
    }
  },
});
