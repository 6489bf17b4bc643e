import { type Static, Type } from 'typebox';
import type { FlowVersionId } from '../telephony/ids.ts';
import { type FlowGraph, flowLimits } from './flow-graph.ts';
import { schemaFaults } from './schema-faults.ts';
import { CallTags, carriedLimits, variablesFault } from './variables.ts';

/** How many flows may be entered within each other. */
export const deepestFrame = 10;
/** Longest encoded state, characters. 10 frames, 4,000 bytes of variables and 900 of tags fit, with base64's third. */
export const longestWalkState = 8192;

/** Where a walk stands in one flow. `fallback`: it got there by the flow's fallback, which is taken once. */
export interface WalkFrame {
  readonly flowVersionId: FlowVersionId;
  readonly nodeId: string;
  readonly fallback?: true;
}

/** All that a walk is, between two nodes: another daemon goes on from it. Frames: the outermost flow first. */
export interface WalkState {
  readonly v: 1;
  readonly frames: readonly WalkFrame[];
  readonly variables: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  /** Node visits begun so far. */
  readonly steps: number;
}

/** The state of a call that has not entered its flow's first node. */
export function beginWalk(
  flowVersionId: FlowVersionId,
  graph: FlowGraph,
  tags: readonly string[] = [],
): WalkState {
  return {
    v: 1,
    frames: [{ flowVersionId, nodeId: graph.entry }],
    variables: graph.variables ?? {},
    tags,
    steps: 0,
  };
}

const prefix = 'w1.';
const Id = Type.String({ minLength: 1, maxLength: flowLimits.idLength });
const Text = Type.String({ maxLength: flowLimits.textLength });
const Steps = Type.Integer({ minimum: 0, maximum: 1_000_000 });
const Tags = Type.Array(Type.String({ minLength: 1, maxLength: carriedLimits.tagLength }), { maxItems: 500 });
const Pairs = Type.Record(Type.String(), Text);

const StateSchema = Type.Object({
  v: Type.Literal(1),
  frames: Type.Array(
    Type.Object({ flowVersionId: Id, nodeId: Id, fallback: Type.Optional(Type.Literal(true)) }),
    { minItems: 1, maxItems: deepestFrame },
  ),
  variables: Pairs,
  tags: Tags,
  steps: Steps,
});

/** `[frames, variables, tags, steps]`, a frame `[flow version, node]` and a 1 behind where it is in its fallback. */
type Wire = [(string | number)[][], Readonly<Record<string, string>>, readonly string[], number];

/** Text fit for a header and a channel variable: letters, digits, `-_.`. Throws RangeError over 8,192 characters. */
export function encodeWalkState(state: WalkState): string {
  const frames = state.frames.map(({ flowVersionId, nodeId, fallback }) =>
    fallback === true ? [flowVersionId, nodeId, 1] : [flowVersionId, nodeId],
  );
  const wire: Wire = [frames, state.variables, state.tags, state.steps];
  const text = prefix + Buffer.from(JSON.stringify(wire)).toString('base64url');
  if (text.length > longestWalkState)
    throw new RangeError(`the walk's state is ${text.length} characters, more than ${longestWalkState}`);
  return text;
}

export type ReadWalkState =
  | { readonly state: WalkState; readonly reason?: undefined }
  | { readonly state: undefined; readonly reason: string };

/** Reads what `encodeWalkState` wrote. Text that is cut, hostile or of another version gives a reason; never throws. */
export function decodeWalkState(text: string | undefined): ReadWalkState {
  if (text === undefined || text === '') return no('there is no state');
  if (!text.startsWith(prefix)) return no('the state is of another version, or none of ours');
  if (text.length > longestWalkState) return no(`the state is ${text.length} characters long`);
  let wire: unknown;
  try {
    wire = JSON.parse(Buffer.from(text.slice(prefix.length), 'base64url').toString('utf8'));
  } catch {
    return no('the state is not whole');
  }
  if (!Array.isArray(wire) || !Array.isArray(wire[0])) return no('the state has another form');
  const [frames, variables, tags, steps] = wire as unknown[];
  return readWalkState({
    v: 1,
    frames: (frames as unknown[]).map((frame) => {
      if (!Array.isArray(frame)) return frame;
      const [flowVersionId, nodeId, fallback] = frame as unknown[];
      return { flowVersionId, nodeId, ...(fallback === 1 ? { fallback: true } : {}) };
    }),
    variables,
    tags,
    steps,
  });
}

/** A state that came as JSON inside another document: checked in every field, never throws. */
export function readWalkState(value: unknown): ReadWalkState {
  const [fault] = schemaFaults(StateSchema, value);
  if (fault !== undefined) return no(`${fault.field} ${fault.message}`);
  const state = value as Static<typeof StateSchema> as unknown as WalkState;
  const tooMuch = variablesFault(state.variables) ?? tagsFault(state.tags);
  return tooMuch === undefined ? { state } : no(tooMuch);
}

function tagsFault(tags: readonly string[]): string | undefined {
  try {
    const tried = new CallTags();
    for (const tag of tags) tried.add(tag);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const no = (reason: string): ReadWalkState => ({ state: undefined, reason });
