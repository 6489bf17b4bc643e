type Targets = ReadonlyMap<string, readonly string[]>;

/** Every node that can be come to, the roots with them. */
export function reachableFrom(roots: readonly string[], targets: Targets): ReadonlySet<string> {
  const reached = new Set(roots);
  const open = [...roots];
  for (let id = open.pop(); id !== undefined; id = open.pop())
    for (const to of targets.get(id) ?? []) {
      if (reached.has(to)) continue;
      reached.add(to);
      open.push(to);
    }
  return reached;
}

/**
 * The loops in which no node waits for the caller, one for each knot of nodes that can come back to themselves;
 * each in the order it is walked. Taking the waiting nodes out leaves exactly these.
 */
export function loopsWithoutWaiting(
  ids: readonly string[],
  targets: Targets,
  waits: (id: string) => boolean,
): string[][] {
  const unseen = new Set(ids.filter((id) => !waits(id)));
  const loops: string[][] = [];
  for (const root of ids) {
    if (!unseen.delete(root)) continue;
    // Depth first without recursion: a flow may be one chain of 500 nodes.
    const path = [root];
    const onPath = new Map([[root, 0]]);
    const left = [(targets.get(root) ?? []).values()];
    while (path.length > 0) {
      const step = left.at(-1)?.next();
      if (step === undefined || step.done === true) {
        const id = path.pop();
        left.pop();
        if (id === undefined) break;
        onPath.delete(id);
        continue;
      }
      const to = step.value;
      const at = onPath.get(to);
      if (at !== undefined) {
        const loop = path.slice(at);
        if (!loops.some((known) => known.some((id) => loop.includes(id)))) loops.push(loop);
      } else if (unseen.delete(to)) {
        onPath.set(to, path.length);
        path.push(to);
        left.push((targets.get(to) ?? []).values());
      }
    }
  }
  return loops;
}
