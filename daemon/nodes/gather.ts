import { Type } from 'typebox';
import { defineNode } from '../flow/define-node.ts';
import { patternFault } from '../flow/pattern.ts';
import { askForKeys, notice } from './parts/keys.ts';
import { PromptSchema, prompt } from './parts/prompt.ts';
import { isValidEntry, ValidationSchema } from './parts/validation.ts';

const seconds = (initial: number, description: string) =>
  Type.Number({ default: initial, minimum: 0.1, maximum: 120, description });

export const gather = defineNode({
  type: 'gather',
  help: 'Asks for digits, checks them and keeps them in a variable; answers the call first.',
  params: Type.Object(
    {
      variable: Type.String({
        pattern: '^[A-Za-z0-9_]{1,64}$',
        description: 'Keeps the digits, and only valid ones.',
      }),
      prompt: PromptSchema,
      invalidPrompt: Type.Optional(prompt('Heard after a wrong entry, before the next try.')),
      timeoutPrompt: Type.Optional(prompt('Heard when nothing was pressed, before the next try.')),
      minDigits: Type.Integer({ default: 1, minimum: 1, maximum: 64, description: 'Fewer are invalid.' }),
      maxDigits: Type.Integer({
        default: 20,
        minimum: 1,
        maximum: 64,
        description: 'So many end the entry.',
      }),
      terminator: Type.String({ default: '#', pattern: '^[0-9*#]?$', description: 'Ends the entry early.' }),
      validation: Type.Optional(ValidationSchema),
      retries: Type.Integer({
        default: 2,
        minimum: 0,
        maximum: 10,
        description: 'Further tries after the first.',
      }),
      firstDigitTimeoutSeconds: seconds(5, 'How long to wait for the first digit after the prompt.'),
      interDigitTimeoutSeconds: seconds(3, 'How long to wait for each further digit.'),
      bargeIn: Type.Boolean({ default: true, description: 'A key stops the prompt.' }),
    },
    { additionalProperties: false },
  ),
  exits: { valid: 'required', invalid: 'required', timeout: 'required' },
  exitHelp: {
    valid: 'the digits passed the validation',
    invalid: 'what was entered was refused in every try',
    timeout: 'nothing was entered in any try',
  },
  waitsForCaller: true,
  check({ minDigits, maxDigits, validation }) {
    const fault = validation?.kind === 'pattern' ? patternFault(validation.pattern) : undefined;
    return [
      ...(maxDigits < minDigits ? [{ field: '/maxDigits', message: 'must not be less than minDigits' }] : []),
      ...(fault === undefined ? [] : [{ field: '/validation/pattern', message: fault }]),
    ];
  },
  async run(ctx, params) {
    if (!ctx.channel.answered) await ctx.channel.answer(); // keys are heard reliably only then
    for (let tries = 1; ; tries += 1) {
      const entry = await askForKeys(ctx, params);
      const silent = entry.end === 'timeout';
      if (!silent && isAccepted(entry.digits, params, ctx.now())) {
        ctx.variables.set(params.variable, entry.digits);
        return 'valid';
      }
      if (tries > params.retries) {
        ctx.explain(`${tries} ${tries === 1 ? 'try' : 'tries'}`);
        return silent ? 'timeout' : 'invalid';
      }
      await notice(ctx, silent ? params.timeoutPrompt : params.invalidPrompt);
    }
  },
});

function isAccepted(
  digits: string,
  {
    minDigits,
    maxDigits,
    validation,
  }: { minDigits: number; maxDigits: number; validation?: Parameters<typeof isValidEntry>[1] },
  nowMs: number,
): boolean {
  if (digits.length < minDigits || digits.length > maxDigits) return false;
  return validation === undefined || isValidEntry(digits, validation, nowMs);
}
