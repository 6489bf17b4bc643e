/**
 * The peer of the live bench: a controller as npm `esl` has one written, asynchronous socket, `myevents`, one command
 * at a time. Dials what its second argument says. A process of its own.
 */
import { FreeSwitchServer } from 'esl';

const [, , port, destination] = process.argv;
const quiet = { debug() {}, info() {}, error() {} };
const server = new FreeSwitchServer({ logger: quiet, all_events: false, my_events: true });
server.on('connection', (call) => {
  const run = async (): Promise<void> => {
    await call.command('set', 'hangup_after_bridge=false');
    await call.command('set', 'continue_on_fail=true');
    await call.command('bridge', destination ?? '', 60_000);
    await call.hangup('NORMAL_CLEARING');
  };
  run().catch(() => {}); // the caller hung up: there is nothing more to command
});
server.on('error', () => {});
process.once('disconnect', () => process.exit(0));
await server.listen({ host: '127.0.0.1', port: Number(port) });
process.send?.('listening');
