import type { AnyNodeDefinition, NodeTypes } from '../flow/define-node.ts';
import { answer } from './answer.ts';
import { buyer } from './buyer.ts';
import { condition } from './condition.ts';
import { dial } from './dial.ts';
import { gather } from './gather.ts';
import { goto } from './goto.ts';
import { hangup } from './hangup.ts';
import { ivr } from './ivr.ts';
import { play } from './play.ts';
import { queue } from './queue.ts';
import { record } from './record.ts';
import { schedule } from './schedule.ts';
import { set } from './set.ts';
import { tag } from './tag.ts';

// biome-ignore format: one list
const all: readonly AnyNodeDefinition[] = [
  answer, play, ivr, gather, condition, schedule, set, tag, queue, buyer, dial, record, goto, hangup,
];

/** Every node type a flow may use. A new one is its file and a word in the list above. */
export const nodeTypes: NodeTypes = new Map(all.map((definition) => [definition.type, definition]));
