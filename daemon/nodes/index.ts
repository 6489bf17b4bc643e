import type { AnyNodeDefinition, NodeTypes } from '../flow/define-node.ts';
import { answer } from './answer.ts';
import { buyer } from './buyer.ts';
import { hangup } from './hangup.ts';
import { ivr } from './ivr.ts';
import { play } from './play.ts';
import { queue } from './queue.ts';

const all: readonly AnyNodeDefinition[] = [answer, play, ivr, queue, buyer, hangup];

/** Every node type a flow may use. A new one is its file and a word in the line above. */
export const nodeTypes: NodeTypes = new Map(all.map((definition) => [definition.type, definition]));
