import t from 'tap';

/** A test file whose tests are over may take this long to end, ms. */
const longestMs = 20_000;

/** Says what keeps a test file from ending once its tests are over, and ends it: a leak, so it fails. */
export function watchEnd(): void {
  t.teardown(() => {
    setTimeout(() => {
      const { _getActiveHandles: handles } = process as unknown as { _getActiveHandles(): object[] };
      const held = handles.call(process).map((handle) => `# held: ${described(handle)}\n`);
      process.stdout.write(
        `# the tests are over, and this keeps their process from ending: ${process.getActiveResourcesInfo().join(' ')}\n${held.join('')}`,
        () => process.exit(1),
      );
    }, longestMs).unref();
  });
}

/** `Socket 127.0.0.1:40000 → 127.0.0.1:6379`, `ChildProcess 4711 /bin/sh …`. */
function described(handle: object): string {
  const facts = handle as Record<string, unknown>;
  const parts = [
    'localPort',
    'remoteAddress',
    'remotePort',
    'fd',
    'pid',
    'spawnargs',
    'listening',
    'destroyed',
    'readableEnded',
    'writableEnded',
  ]
    .filter((name) => facts[name] !== undefined)
    .map((name) => `${name} ${String(facts[name])}`);
  return [handle.constructor.name, ...parts].join(' ');
}
