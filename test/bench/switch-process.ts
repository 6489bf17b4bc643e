/**
 * The simulated switch as a process of its own, told over Node's channel to its parent what to do. Started by
 * switch-child.ts with the daemon's port as its argument.
 */
import { placeCalls } from '../../ops/switch-simulator/load.ts';
import { SwitchSimulator } from '../../ops/switch-simulator/simulator.ts';
import type { SwitchOrder, SwitchReport } from './switch-child.ts';

const simulator = new SwitchSimulator({
  daemons: [`127.0.0.1:${process.argv[2]}`],
  inboundPort: Number(process.argv[3]),
  password: 'simulated',
  writeRecordings: false,
  callees: (destination) =>
    destination.startsWith('callee') ? { kind: 'answer', ...(hangsUp ? { talkMs: 1 } : {}) } : undefined,
});
let hangsUp = true;

const report = (line: SwitchReport): void => {
  process.send?.(line);
};

async function hold(calls: number, ratePerSecond: number, to: string): Promise<void> {
  hangsUp = false;
  const answered: Promise<boolean>[] = [];
  const startedAtMs = performance.now();
  while (answered.length < calls) {
    const due = Math.min(calls, ((performance.now() - startedAtMs) / 1000) * ratePerSecond);
    while (answered.length < due) answered.push(simulator.call({ from: '+15125550100', to }).answered);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const all = await Promise.all(answered);
  report({ told: 'held', live: all.filter(Boolean).length });
}

process.on('message', (order: SwitchOrder) => {
  switch (order.order) {
    case 'place':
      hangsUp = true;
      void placeCalls(simulator, order.load).then((result) => report({ told: 'placed', result }));
      break;
    case 'hold':
      void hold(order.calls, order.ratePerSecond, order.to);
      break;
  }
});
process.once('disconnect', () => {
  void simulator.stop().finally(() => process.exit(0));
});
await simulator.start();
report({ told: 'ready' });
