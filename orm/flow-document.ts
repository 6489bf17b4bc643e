/** What a flow does with an exit that leads nowhere. */
export type StoredFallback = { readonly node: string } | { readonly cause: string };

/** A flow graph as daemon/flow/flow-graph.ts has it, by structure: the ORM does not know the daemon. */
export interface FlowDocument {
  readonly entry: string;
  readonly variables?: Readonly<Record<string, string>>;
  readonly fallback?: StoredFallback;
  readonly nodes: readonly {
    readonly id: string;
    readonly type: string;
    readonly label?: string;
    readonly params: Readonly<Record<string, unknown>>;
  }[];
  readonly edges: readonly {
    readonly from: string;
    readonly exit: string;
    readonly to: string;
    readonly order?: number;
    readonly condition?: unknown;
  }[];
}
