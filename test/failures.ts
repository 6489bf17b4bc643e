const most = { failures: 20, lines: 40 };

/**
 * The assertions that failed in a TAP 14 stream, each with the names of the tests it stands in and its own explanation
 * (at most 40 lines), and not the tests that failed because of them. A run repeats them at its end: who sees only the
 * end of a log sees what broke.
 */
export function failures(tap: string): readonly string[] {
  const lines = tap.split('\n');
  const names: string[] = [];
  const found: string[] = [];
  let failedDepth = -1;
  for (const [at, line] of lines.entries()) {
    const depth = (line.length - line.trimStart().length) / 4;
    const subtest = /^\s*# Subtest: (.*)/.exec(line)?.[1];
    if (subtest !== undefined) names.splice(depth, Number.POSITIVE_INFINITY, subtest);
    if (!/^\s*not ok \d+/.test(line) || /# TODO/i.test(line)) continue;
    // A test that failed comes after what failed in it.
    if (failedDepth <= depth) {
      const block = lines.slice(at, at + most.lines);
      const end = block.findIndex((text, row) => row > 0 && !text.startsWith(`${' '.repeat(depth * 4)}  `));
      const own = block.slice(0, end < 0 ? undefined : end).map((text) => text.slice(depth * 4));
      found.push([names.slice(0, depth).join(' › '), ...own].join('\n'));
    }
    failedDepth = depth;
  }
  const left = found.length - most.failures;
  return left > 0 ? [...found.slice(0, most.failures), `and ${left} more`] : found;
}
