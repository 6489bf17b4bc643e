import fc from 'fast-check';
import t from 'tap';
import { CallTags, CallVariables } from '../../../daemon/flow/variables.ts';
import {
  decodeWalkState,
  encodeWalkState,
  longestWalkState,
  readWalkState,
  type WalkState,
} from '../../../daemon/flow/walk-state.ts';
import type { FlowVersionId } from '../../../daemon/telephony/ids.ts';

const id = '0198c0de-0000-7000-8000-000000000000' as FlowVersionId;
const state: WalkState = {
  v: 1,
  frames: [
    { flowVersionId: id, nodeId: 'goto' },
    { flowVersionId: id, nodeId: 'sorry', fallback: true },
  ],
  variables: { zip: '10001' },
  tags: ['vip'],
  steps: 7,
};

/** Whatever nodes may set: what does not fit is refused there and then. */
const anyState = fc
  .record({
    frames: fc.array(
      fc.record(
        {
          flowVersionId: fc.uuid(),
          nodeId: fc.stringMatching(/^[A-Za-z0-9_.:-]{1,64}$/),
          fallback: fc.constant(true as const),
        },
        { requiredKeys: ['flowVersionId', 'nodeId'] },
      ),
      { minLength: 1, maxLength: 10 },
    ),
    pairs: fc.array(
      fc.tuple(
        fc.oneof(fc.string({ maxLength: 70, unit: 'binary' }), fc.constant('__proto__')),
        fc.string({ maxLength: 2100, unit: fc.constantFrom('a', 'é', '😀', '\u0000', '"', '\ud800') }),
      ),
      { maxLength: 120, size: 'max' },
    ),
    tags: fc.array(fc.string({ maxLength: 70 }), { maxLength: 80, size: 'max' }),
    steps: fc.nat(1_000_000),
  })
  .map(({ frames, pairs, tags, steps }): WalkState => {
    const variables = new CallVariables();
    const kept = new CallTags();
    const tolerate = (keep: () => unknown) => {
      try {
        keep();
      } catch {
        // over a bound: left as it was
      }
    };
    for (const [name, value] of pairs) tolerate(() => variables.set(name, value));
    for (const tag of tags) tolerate(() => kept.add(tag));
    return {
      v: 1,
      frames: frames as unknown as WalkState['frames'],
      variables: Object.fromEntries(variables.entries()),
      tags: [...kept],
      steps,
    };
  });

void t.test('whatever a call may carry fits the header and comes back the same', async (t) => {
  let longest = 0;
  fc.assert(
    fc.property(anyState, (made) => {
      const text = encodeWalkState(made);
      longest = Math.max(longest, text.length);
      if (!/^[A-Za-z0-9_.-]+$/.test(text)) throw new Error('not fit for a header');
      const { state: back, reason } = decodeWalkState(text);
      if (reason !== undefined) throw new Error(reason);
      const plain = JSON.stringify(back);
      if (plain !== JSON.stringify(made)) throw new Error(`came back as ${plain}`);
    }),
    { numRuns: 100 },
  );
  t.ok(longest > 4000 && longest <= longestWalkState, `longest was ${longest}`);
});

void t.test('text that is cut, hostile or of another version gives a reason', async (t) => {
  const text = encodeWalkState(state);
  t.same(decodeWalkState(text).state, state);
  const wire = (value: unknown) => `w1.${Buffer.from(JSON.stringify(value)).toString('base64url')}`;
  const table: [text: string | undefined, reason: RegExp][] = [
    [undefined, /no state/],
    ['', /no state/],
    [text.slice(0, -9), /not whole/],
    [`w0${text.slice(2)}`, /another version/],
    ['w1.%%%', /not whole/],
    [`w1.${'A'.repeat(9000)}`, /9003 characters/],
    [wire({}), /another form/],
    [wire([[], {}, [], 1]), /\/frames/],
    [wire([['x'], {}, [], 1]), /\/frames\/0/],
    [wire([[[id, 7]], {}, [], 1]), /\/frames\/0\/nodeId must be string/],
    [wire([[[id, 'a']], { a: 1 }, [], 1]), /\/variables\/a/],
    [wire([[[id, 'a']], {}, [], -1]), /\/steps/],
    [wire([[[id, 'a']], { a: 'x'.repeat(1999), b: 'x'.repeat(1999) }, [], 1]), /bytes/],
    [wire(Array.from({ length: 4 }, () => null)), /another form/],
  ];
  for (const [hostile, reason] of table) {
    const read = decodeWalkState(hostile);
    t.equal(read.state, undefined);
    t.match(read.reason, reason);
  }
});

void t.test('decoding never throws', async (t) => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.jsonValue()), (value) => {
      const text =
        typeof value === 'string' ? value : `w1.${Buffer.from(JSON.stringify(value)).toString('base64url')}`;
      const { state: found, reason } = decodeWalkState(text);
      return (found === undefined) === (typeof reason === 'string');
    }),
  );
  fc.assert(fc.property(fc.anything(), (value) => readWalkState(value) !== undefined));
  t.same(readWalkState(JSON.parse(JSON.stringify(state))).state, state);
});

void t.test('a state that is too long is refused when it is encoded', async (t) => {
  t.throws(() => encodeWalkState({ ...state, variables: { a: 'x'.repeat(7000) } }), /more than 8192/);
});
