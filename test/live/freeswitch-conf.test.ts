import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import t from 'tap';
import { until } from '../until.ts';
import { dialEventSocket, eventName } from './event-socket.ts';
import { live } from './find-freeswitch.ts';
import { startFreeSwitch } from './freeswitch-process.ts';
import { did, hangup, house, went } from './house.ts';
import { awaitCalls, placeCall } from './sipp.ts';

const root = resolve(import.meta.dirname, '../..');
void t.test('the switch starts as it is, hardened', { skip: live.skip }, async (t) => {
  const { freeswitch } = await house(t);
  const inbound = await freeswitch.inbound();

  t.equal(await inbound.api('switchname'), 'live-switch');
  t.match(await inbound.api('global_getvar core_uuid'), /^[0-9a-f-]{36}$/);
  for (const module of globSync(join(root, 'freeswitch-conf/autoload_configs/modules.conf.xml')).flatMap(
    (path) => [...readFileSync(path, 'utf8').matchAll(/load module="(\w+)"/g)].map((match) => match[1] ?? ''),
  ))
    t.equal(await inbound.api(`module_exists ${module}`), 'true', module);
  t.match(await inbound.api('sofia status profile external'), /Context\s+public/);
  t.match(await inbound.api('local_stream show'), /default,/);

  await t.test('every name of the interface allowlist exists in this FreeSWITCH', async (t) => {
    // The table behind `show` is filled a moment after the modules are there.
    const known = await until('the list of modules', async () => {
      const modules = await inbound.api('show modules');
      return modules.includes('\napi,sofia,mod_sofia,') ? modules : undefined;
    });
    const list = readFileSync(
      join(root, 'freeswitch-conf/autoload_configs/interface-allowlist/callfabric.xml'),
      'utf8',
    );
    // New with the allowlist itself.
    const newer = new Set(['interface_allowlist_dump']);
    for (const [, module = '', name = '', type = ''] of list.matchAll(/allow name="(\w+)\.(\w+)\.(\w+)"/g))
      if (!newer.has(name))
        t.ok(
          known.includes(`\n${type === 'app' ? 'application' : type},${name},${module},`),
          `${module}.${name}.${type}`,
        );
  });

  await t.test('${…} in a command runs no API, and finds no secret', async (t) => {
    t.match(await inbound.api('eval ${version()}'), 'Permission Denied');
    t.equal(await inbound.api('eval [${callfabric_esl_password}${callfabric_cdr_cred}]'), '[]');
  });

  await t.test('the well-known password is refused', async (t) => {
    await t.rejects(dialEventSocket(freeswitch.eslPort, 'ClueCon'), /invalid/);
  });
  inbound.close();
});

for (const [name, password] of [
  ['no', undefined],
  ['an empty', ''],
] as const)
  void t.test(`with ${name} password in the environment nobody comes in`, { skip: live.skip }, async (t) => {
    const freeswitch = await startFreeSwitch({
      daemons: '127.0.0.1:1',
      env: { FREESWITCH_ESL_PASSWORD: password },
      ready: 'listening',
    });
    t.teardown(() => freeswitch.stop());
    for (const guess of ['ClueCon', '', freeswitch.eslPassword])
      await t.rejects(dialEventSocket(freeswitch.eslPort, guess), /invalid/, `'${guess}'`);
  });

void t.test(
  'a DID is offered to the daemon, and the call is what the daemon makes of it',
  { skip: live.skip },
  async (t) => {
    const { daemon, sink, freeswitch } = await house(t);

    await t.test('answered, bridged, recorded by mod_json_cdr on both legs', async (t) => {
      const caller = await placeCall('caller-stays', freeswitch.sipPort, did);
      const { socket, channelData } = await daemon.nextCall();
      t.equal(channelData.event.get('Channel-Destination-Number'), did);
      t.equal(channelData.event.get('FreeSWITCH-Switchname'), 'live-switch');
      t.equal(channelData.event.get('variable_callfabric_entry'), undefined);
      await socket.run('export', 'callfabric_call=live-1');
      await socket.run('answer');
      const callee = await awaitCalls('callee-hangs-up', { values: { talkMs: 500 } });
      const bridged = await socket.run('bridge', `sofia/external/sip:1000@127.0.0.1:${callee.port}`);
      t.equal(bridged.event.get('variable_originate_disposition'), 'SUCCESS');
      await went(t, callee, 'the callee talked and hung up');
      t.notOk(socket.over, 'the caller is still there after the callee hung up');
      socket.send(hangup('NORMAL_CLEARING'));
      await went(t, caller, 'the caller was hung up by the daemon');
      const cdrs = await sink.posted(2);
      t.same(new Set(cdrs.map((cdr) => cdr.variables['direction'])), new Set(['inbound', 'outbound']));
      for (const cdr of cdrs) {
        t.equal(cdr.path, '/freeswitch/cdr');
        t.equal(cdr.uuid, cdr.variables['uuid']);
        t.equal(cdr.variables['callfabric_call'], 'live-1');
        t.equal(cdr.authorization, `Basic ${Buffer.from('freeswitch:live').toString('base64')}`);
        t.equal(cdr.contentType, 'application/json');
      }
    });

    await t.test('refused before answer with the cause the daemon names', async (t) => {
      const caller = await placeCall('caller-refused', freeswitch.sipPort, did, { values: { code: 404 } });
      const { socket } = await daemon.nextCall();
      const offered = daemon.offered;
      socket.send(hangup('UNALLOCATED_NUMBER'));
      await went(t, caller, 'the caller got 404');
      await socket.closed;
      t.equal(daemon.offered, offered, 'no takeover was offered for a call the daemon ended');
    });

    await t.test('digits by RFC 2833 and by SIP INFO are collected', async (t) => {
      for (const [scenario, expected] of [
        ['caller-keys-rfc2833', '42'],
        ['caller-keys-info', '42'],
      ] as const) {
        const values = { keys: '42', key1: 4, key2: 2 };
        const caller = await placeCall(scenario, freeswitch.sipPort, did, { values });
        const { socket } = await daemon.nextCall();
        await socket.run('answer');
        const arg = '1 2 1 8000 # silence_stream://500 silence_stream://10 pressed \\d+ 3000';
        const done = await socket.run('play_and_get_digits', arg);
        t.equal(done.event.get('variable_pressed'), expected, scenario);
        socket.send(hangup('NORMAL_CLEARING'));
        await went(t, caller, scenario);
      }
    });

    await t.test('${system …} from outside runs no command', async (t) => {
      const [mark, name] = [join(freeswitch.folder, 'ran'), join(freeswitch.folder, 'ran-by-name')];
      const caller = await placeCall('caller-stays', freeswitch.sipPort, did, {
        values: { name: `\${system(touch ${name})}` },
      });
      const { socket, channelData } = await daemon.nextCall();
      t.match(channelData.event.get('Caller-Caller-ID-Name'), 'system', 'the name arrived as it is');
      await socket.run('set', `harmless=\${system(touch ${mark})}`);
      await socket.run('set', 'again=${caller_id_name}');
      await socket.run('log', `INFO \${system(touch ${mark})} \${caller_id_name}`);
      t.notOk(existsSync(mark) || existsSync(name), 'no file was made');
      socket.send(hangup('CALL_REJECTED'));
      await caller.stop();
    });

    await t.test('a caller name that is no UTF-8 arrives byte for byte', async (t) => {
      const caller = await placeCall('caller-hangs-up', freeswitch.sipPort, did, {
        values: { name: 'caf\xff\xfe', talkMs: 300 },
      });
      const { socket, channelData } = await daemon.nextCall();
      t.equal(channelData.event.get('Caller-Caller-ID-Name'), 'caf\xff\xfe');
      await socket.run('answer');
      // No application is running when the caller goes: FreeSWITCH tells no cause here, only that it is over.
      await socket.closed;
      t.equal(socket.frames.at(-1)?.head.get('Content-Type'), 'text/disconnect-notice');
      t.notOk(socket.frames.some((frame) => eventName(frame) === 'CHANNEL_HANGUP'));
      await went(t, caller, 'the call went on as any other');
    });

    await t.test('a caller who gives up while the callee rings cancels both legs', async (t) => {
      const caller = await placeCall('caller-cancels', freeswitch.sipPort, did);
      const { socket } = await daemon.nextCall();
      const callee = await awaitCalls('callee-rings');
      socket.execute(['bridge', `sofia/external/sip:1000@127.0.0.1:${callee.port}`]);
      const over = await socket.event('CHANNEL_HANGUP');
      t.equal(over.event.get('Hangup-Cause'), 'ORIGINATOR_CANCEL');
      await went(t, callee, 'the callee was cancelled');
      await went(t, caller, 'the caller got 487');
    });

    await t.test('a call that keeps coming back to us is ended', async (t) => {
      const caller = await placeCall('caller-refused', freeswitch.sipPort, did, {
        values: { code: 482, headers: '      X-CallFabric-Hops: 2\n' },
      });
      await went(t, caller, 'the caller got 482');
    });
  },
);
