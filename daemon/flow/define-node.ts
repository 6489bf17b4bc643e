import type { Static, TObject } from 'typebox';
import type { NodeContext } from './node-context.ts';

/**
 * `required`: a version is published only if this exit is wired or the flow states a fallback.
 * `optional`: an unwired exit goes to the fallback, else ends the call with NORMAL_TEMPORARY_FAILURE.
 */
export type ExitRule = 'required' | 'optional';

/** `key:<digit>` stands for every text of the form `key:…`. */
export type ExitName<Pattern extends string> = Pattern extends `${infer Prefix}:<${string}>`
  ? `${Prefix}:${string}`
  : Pattern;

/** One node type: everything the walker, the publish checks, the API's `/node-types` and the docs need of it. */
export interface NodeDefinition<Params extends TObject = TObject, Exit extends string = string> {
  readonly type: string;
  /** One sentence for the console and the docs. */
  readonly help: string;
  readonly params: Params;
  /** Beside these every node has `error` and `hangup`. Empty: the node ends the call. */
  readonly exits: Readonly<Record<Exit, ExitRule>>;
  /** When a call leaves by each of them: a clause for the console and the docs. */
  readonly exitHelp?: Readonly<Record<NoInfer<Exit>, string>>;
  /** For pattern exits (`key:<digit>`): the names that exist with these params. */
  readonly namedExits?: (params: Static<Params>) => readonly string[];
  /** What the schema cannot say; each fault names the field (JSON pointer) and what to do. */
  readonly check?: (
    params: Static<Params>,
  ) => readonly { readonly field: string; readonly message: string }[];
  /** True where a loop through this node waits for the caller, so that a cycle is no runaway. */
  readonly waitsForCaller?: boolean;
  readonly run: (ctx: NodeContext, params: Static<Params>) => Promise<NoInfer<ExitName<Exit>>>;
}

/** Declares a node type. A misspelt exit in `run` is a compile error. */
export function defineNode<const Params extends TObject, const Exit extends string>(
  definition: NodeDefinition<Params, Exit>,
): NodeDefinition<Params, Exit> {
  return definition;
}

/** A node type whose params and exits are known only to itself: what the registry and the walker handle. */
export interface AnyNodeDefinition {
  readonly type: string;
  readonly help: string;
  readonly params: TObject;
  readonly exits: Readonly<Record<string, ExitRule>>;
  readonly exitHelp?: Readonly<Record<string, string>>;
  readonly namedExits?: (params: never) => readonly string[];
  readonly check?: (params: never) => readonly { readonly field: string; readonly message: string }[];
  readonly waitsForCaller?: boolean;
  readonly run: (ctx: NodeContext, params: never) => Promise<string>;
}
export type NodeTypes = ReadonlyMap<string, AnyNodeDefinition>;
