import t from 'tap';
import { askSwitch } from '../../daemon/doctor-switch.ts';
import type { SwitchName } from '../../daemon/telephony/ids.ts';
import { live } from './find-freeswitch.ts';
import { startFreeSwitch } from './freeswitch-process.ts';

void t.test(
  'a FreeSWITCH with our configuration tells the doctor that all is well',
  { skip: live.skip },
  async (t) => {
    const freeswitch = await startFreeSwitch({
      daemons: '127.0.0.1:8084|127.0.0.1:8094',
      ready: 'listening',
    });
    t.teardown(() => freeswitch.stop());
    const node = {
      name: 'live' as SwitchName,
      host: '127.0.0.1',
      port: freeswitch.eslPort,
      password: freeswitch.eslPassword,
    };
    const never = new AbortController().signal;
    const facts = await askSwitch(node, never);
    t.match(facts, { version: /^1\.\d+\.\d+/, apiExpansion: false });
    t.ok((facts.socketActions?.length ?? 0) >= 2, 'the hook and the takeover are in the dialplan');
    for (const action of facts.socketActions ?? []) t.equal(action, '127.0.0.1:8084|127.0.0.1:8094 full');
    t.ok(facts.skewMs !== undefined && Math.abs(facts.skewMs) < 1000, 'one machine has one clock');
    await t.rejects(askSwitch({ ...node, password: 'ClueCon' }, never), { message: /refuses the password/ });
  },
);
