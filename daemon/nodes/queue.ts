import { Type } from 'typebox';
import { defineNode } from '../flow/define-node.ts';
import { localStreamPattern } from '../telephony/media.ts';
import { AnnouncementPart } from './parts/announcement.ts';
import { soundPath } from './parts/prompt.ts';
import { waitForTurn } from './parts/wait-for-turn.ts';

export const queue = defineNode({
  type: 'queue',
  help: 'Waits with music until a buyer has a free slot, first come first served, and holds that slot for the next buyer node.',
  params: Type.Object(
    {
      queue: Type.String({
        default: 'main',
        pattern: '^[A-Za-z0-9_.-]{1,64}$',
        description:
          "The line's name; queue nodes of the campaign with the same name and the same `buyer` share it.",
      }),
      buyer: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 200,
          description: "Waits for this buyer (name or id); absent: for any of the campaign's plan.",
        }),
      ),
      priority: Type.Integer({ default: 5, minimum: 0, maximum: 9, description: 'Lower waits less long.' }),
      maxSize: Type.Integer({
        default: 100,
        minimum: 1,
        maximum: 10_000,
        description: 'Longer: exit `full`.',
      }),
      maxWaitSeconds: Type.Number({
        default: 300,
        minimum: 1,
        maximum: 7200,
        description: 'Then exit `timeout`.',
      }),
      music: Type.Optional(
        Type.String({
          pattern: `${localStreamPattern}|${soundPath}`,
          maxLength: 200,
          description: "A `local_stream://…` or sound file; absent: FreeSWITCH's music on hold.",
        }),
      ),
      announceEverySeconds: Type.Number({
        default: 0,
        minimum: 0,
        maximum: 3600,
        description: 'How often the announcement interrupts the music; 0: never.',
      }),
      announcement: Type.Array(AnnouncementPart, {
        default: [],
        maxItems: 10,
        description: 'Played one after the other; numbers are said in FreeSWITCH’s own digit sounds.',
      }),
      exitKeys: Type.String({
        default: '',
        pattern: '^[0-9*#]{0,12}$',
        description: 'Keys that leave the line by `exitKey:<digit>`.',
      }),
      callbackKey: Type.String({
        default: '',
        pattern: '^[0-9*#]?$',
        description: 'The key that leaves the line by `callback`.',
      }),
    },
    { additionalProperties: false },
  ),
  exits: {
    ready: 'required',
    timeout: 'required',
    full: 'required',
    noAgents: 'optional',
    'exitKey:<d>': 'optional',
    callback: 'optional',
  },
  exitHelp: {
    ready: 'it is this caller’s turn, and a slot is held for the next buyer node',
    timeout: '`maxWaitSeconds` are over',
    full: 'the line has `maxSize` callers already',
    noAgents: 'there is no buyer to wait for',
    'exitKey:<d>': 'the caller pressed this key to leave the line',
    callback: 'the caller pressed `callbackKey`',
  },
  namedExits: ({ exitKeys }) => [...new Set(exitKeys)].map((digit) => `exitKey:${digit}`),
  waitsForCaller: true,
  check: ({ exitKeys, callbackKey, announceEverySeconds, announcement }) => [
    ...(callbackKey !== '' && exitKeys.includes(callbackKey)
      ? [{ field: '/callbackKey', message: 'is one of exitKeys already' }]
      : []),
    ...(announceEverySeconds > 0 && announcement.length === 0
      ? [{ field: '/announcement', message: 'says nothing, but announceEverySeconds asks for it' }]
      : []),
  ],
  async run(ctx, params) {
    const joined = await ctx.queues.join({
      queue: params.queue,
      priority: params.priority,
      maxSize: params.maxSize,
      source: params.buyer === undefined ? { from: 'campaign' } : { from: 'buyer', buyer: params.buyer },
    });
    if (!joined.joined) return joined.reason === 'full' ? 'full' : 'noAgents';
    const joinedAtMs = ctx.now();
    let turn = false;
    try {
      const exit = await waitForTurn(ctx, joined.place, params);
      turn = exit === 'ready';
      ctx.variables.set('queue.waitedSeconds', String(Math.round((ctx.now() - joinedAtMs) / 1000)));
      return exit;
    } finally {
      if (!turn) await joined.place.leave();
    }
  },
});
