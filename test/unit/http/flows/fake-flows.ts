import type { FlowAdmin } from '../../../../daemon/http/flows/flow-admin.ts';
import { Problem } from '../../../../daemon/http/problem.ts';

async function none(): Promise<never> {
  throw new Problem('not-found', 'no flow has this id');
}

/** An installation without flows, but for what a test says. */
export function fakeFlows(of: Partial<FlowAdmin> = {}): FlowAdmin {
  return {
    list: async () => [],
    find: none,
    create: none,
    rename: none,
    remove: none,
    draft: none,
    saveDraft: none,
    publishDraft: none,
    versions: none,
    version: none,
    document: none,
    addVersion: none,
    publish: none,
    rollback: none,
    ...of,
  };
}
