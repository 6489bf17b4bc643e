import { parseArgs } from 'node:util';
import { EchoController } from './echo-controller.ts';
import { placeCalls } from './load.ts';
import { SwitchSimulator } from './simulator.ts';

const usage = `The simulated switch as a process of its own.

  node ops/switch-simulator/main.ts --daemon 127.0.0.1:8084 --calls 1000 --rate 500 --to +15551234567
  node ops/switch-simulator/main.ts --echo --calls 10000      measures itself against a controller that does nothing

  --daemon host:port     a daemon's outbound port; several: tried in order
  --calls n              calls to place, then it ends; 0: only serve                (default 0)
  --rate n               calls a second; without it as fast as they end
  --concurrency n        calls at a time without --rate                             (default 100)
  --from, --to           caller's and called number
  --key d --key-after ms key pressed after the first prompt began
  --talk ms              the caller hangs up so long after being connected
  --speed n              the switch's time runs n times as fast                     (default 1)
  --inbound-port n       event socket for facts and interruptions                   (default 0: any)
  --password text        its password                                               (default: simulated)
  --cdr-url url          where mod_json_cdr posts
  --echo-server          only the controller that does nothing; prints its port
`;

const { values } = parseArgs({
  options: {
    daemon: { type: 'string', multiple: true, default: [] },
    calls: { type: 'string', default: '0' },
    rate: { type: 'string' },
    concurrency: { type: 'string', default: '100' },
    from: { type: 'string', default: '+15125550100' },
    to: { type: 'string', default: '+15551234567' },
    key: { type: 'string' },
    'key-after': { type: 'string', default: '0' },
    talk: { type: 'string' },
    speed: { type: 'string', default: '1' },
    'inbound-port': { type: 'string', default: '0' },
    password: { type: 'string', default: 'simulated' },
    'cdr-url': { type: 'string' },
    echo: { type: 'boolean', default: false },
    'echo-server': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function run(): Promise<void> {
  if (values.help || (values.daemon.length === 0 && !values.echo && !values['echo-server'])) {
    process.stdout.write(usage);
    return;
  }
  const echo = values.echo || values['echo-server'] ? new EchoController() : undefined;
  const echoPort = await echo?.start();
  if (values['echo-server']) {
    say({ echoPort });
    return;
  }
  const simulator = new SwitchSimulator({
    daemons: echoPort === undefined ? values.daemon : [`127.0.0.1:${echoPort}`],
    speed: Number(values.speed),
    inboundPort: Number(values['inbound-port']),
    password: values.password,
    ...(values['cdr-url'] === undefined
      ? {}
      : { jsonCdr: { url: values['cdr-url'], fallbackFolder: undefined } }),
  });
  await simulator.start();
  say({ inboundPort: simulator.inboundPort });
  const stop = async () => {
    await simulator.stop();
    echo?.stop();
  };
  process.once('SIGTERM', () => void stop());
  process.once('SIGINT', () => void stop());
  const calls = Number(values.calls);
  if (calls === 0) return;
  const result = await placeCalls(simulator, {
    calls,
    ratePerSecond: values.rate === undefined ? undefined : Number(values.rate),
    concurrency: Number(values.concurrency),
    from: values.from,
    to: values.to,
    script: {
      ...(values.key === undefined
        ? {}
        : { keys: [{ digits: values.key, afterPrompt: 1, delayMs: Number(values['key-after']) }] }),
      ...(values.talk === undefined ? {} : { talkMs: Number(values.talk) }),
    },
  });
  const { channels, sockets, timers } = simulator.snapshot();
  say({ ...result, left: { channels, sockets, timers } });
  await stop();
}

await run();
