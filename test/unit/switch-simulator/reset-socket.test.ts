import { spawn } from 'node:child_process';
import { once } from 'node:events';
import t from 'tap';

const helper = new URL('../../../ops/switch-simulator/reset-socket.ts', import.meta.url).href;

/** A server that does `act` with its one connection, and what its client hears. Both are of the process that runs it. */
const program = (act: string): string => `
import { connect, createServer } from 'node:net';
import { resetSocket } from '${helper}';
const server = createServer((socket) => {
  socket.on('error', () => {});
  ${act}
  server.close();
});
server.listen(0, '127.0.0.1', () => {
  const client = connect(server.address().port, '127.0.0.1');
  client.resume();
  client.on('error', ({ code }) => process.stdout.write(code));
  client.on('close', () => process.stdout.write(' closed'));
});`;

for (const [moment, act, heard] of [
  ['talks', 'resetSocket(socket);', 'ECONNRESET closed'],
  ['has just begun to end', 'socket.end(); resetSocket(socket);', ' closed'],
] as const)
  void t.test(`a connection that ${moment} is over, and its process may end`, async (t) => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program(act)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.teardown(() => child.kill('SIGKILL'));
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const [code] = (await once(child, 'close')) as [number];
    t.equal(code, 0);
    t.equal(said, heard);
  });
