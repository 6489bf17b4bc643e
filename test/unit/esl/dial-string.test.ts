import fc from 'fast-check';
import t from 'tap';
import { executeMessage } from '../../../daemon/esl/command.ts';
import { bridge, type DialRequest, destinationText, originate } from '../../../daemon/esl/dial-string.ts';
import { UnsafeText } from '../../../daemon/esl/esl-error.ts';
import { argumentOf, isLive, readCommands, splitList } from './switch-reader.ts';

const request: DialRequest = {
  legUuid: '9ee900aa-264b-4c8a-a0a5-fe9663007a1c',
  destination: { kind: 'gateway', gateway: 'sippuas', number: '+15125550199' },
  ringTimeoutMs: 20_000,
  callerId: { number: '+15559876543', name: 'Alice' },
  ringback: { kind: 'passthrough' },
};

/** The variables FreeSWITCH would read out of the dial string, and what is left for the endpoint. */
function parsed(dialString: string): { variables: ReadonlyMap<string, string>; endpoint: string } {
  const end = dialString.indexOf('}');
  const block = dialString.slice(1, end);
  const variables = new Map<string, string>();
  for (const pair of splitList(block, ',')) {
    const [name = '', value = ''] = splitList(pair, '=', 2);
    variables.set(name, value);
  }
  return { variables, endpoint: dialString.slice(end + 1) };
}

function dialled(changes: Partial<DialRequest>): ReturnType<typeof parsed> {
  return parsed(bridge({ ...request, ...changes }).at(-1)?.arg ?? '');
}

void t.test('a plain attempt, byte by byte', async (t) => {
  t.same(bridge(request), [
    {
      app: 'multiset',
      arg: '^^;hangup_after_bridge=false;continue_on_fail=true;last_bridge_proto_specific_hangup_cause=;bridge_hangup_cause=;originate_failed_cause=;originate_disposition=;ringback=;transfer_ringback=',
    },
    {
      app: 'bridge',
      arg: '{^^;origination_uuid=9ee900aa-264b-4c8a-a0a5-fe9663007a1c;origination_caller_id_number=+15559876543;origination_caller_id_name=Alice;bridge_early_media=true;originate_timeout=21}sofia/gateway/sippuas/+15125550199',
    },
  ]);
});

void t.test('ringback is heard at once and early media kept away', async (t) => {
  const ringback = { kind: 'media', media: { kind: 'tone', tone: '%(2000,4000,440,480)' } } as const;
  const [set, dial] = bridge({ ...request, ringback });
  t.match(set?.arg, 'ringback=tone_stream://%(2000,4000,440,480);loops=-1');
  t.match(set?.arg, 'transfer_ringback=tone_stream://%(2000,4000,440,480);loops=-1');
  t.match(set?.arg, /^\^\^\|/, 'another separator, because the tone has semicolons');
  const { variables } = parsed(dial?.arg ?? '');
  t.equal(variables.get('instant_ringback'), 'true');
  t.equal(variables.get('ignore_early_media'), 'true');
  const relative = bridge({
    ...request,
    ringback: { kind: 'media', media: { kind: 'file', path: 'ring.wav' } },
  });
  t.match(relative[0]?.arg, 'ringback=file_string://ring.wav');
  t.throws(
    () => bridge({ ...request, ringback: { kind: 'media', media: { kind: 'speech', text: 'wait' } } }),
    UnsafeText,
  );
});

void t.test('press to accept: whisper, key and three timeouts', async (t) => {
  const { variables } = dialled({
    accept: { whisper: { kind: 'file', path: 'press one.wav' }, digit: '1', timeoutMs: 8000 },
  });
  t.equal(variables.get('group_confirm_key'), '1');
  t.equal(variables.get('group_confirm_file'), 'press one.wav');
  t.equal(variables.get('group_confirm_read_timeout'), '8000');
  t.equal(variables.get('group_confirm_timeout'), '8');
  t.equal(variables.get('leg_timeout'), '20');
  t.equal(variables.get('originate_timeout'), '30');
});

void t.test('a spoken whisper brings its voice along', async (t) => {
  const whisper = { kind: 'speech', text: "It's a call; press {one}" } as const;
  const asked = dialled({ accept: { whisper, digit: '1', timeoutMs: 5000 } }).variables;
  t.equal(asked.get('group_confirm_file'), 'say:It’s a call; press (one)');
  t.equal(asked.get('tts_engine'), 'flite');
  t.equal(asked.get('tts_voice'), 'slt');
  const told = dialled({ whisper }).variables;
  t.equal(told.get('group_confirm_key'), 'exec');
  t.equal(told.get('group_confirm_file'), 'speak flite|slt|It’s a call; press (one)');
});

void t.test('the longest conversation is kept by FreeSWITCH', async (t) => {
  const { variables } = dialled({ maxDurationMs: 90_500 });
  t.equal(variables.get('execute_on_answer'), 'sched_hangup +92 ALLOTTED_TIMEOUT');
  const whisper = { kind: 'file', path: 'whisper.wav' } as const;
  for (const confirmed of [{ whisper }, { accept: { whisper, digit: '1', timeoutMs: 5000 } }]) {
    const { variables: theirs } = dialled({ maxDurationMs: 90_500, ...confirmed });
    t.equal(theirs.get('execute_on_pre_bridge'), 'sched_hangup +92 ALLOTTED_TIMEOUT', 'from the bridge on');
    t.notOk(theirs.has('execute_on_answer'));
  }
});

void t.test(
  'a hidden caller stays hidden, a nameless one has a number, a wild one is anonymous',
  async (t) => {
    const callerId = (id: DialRequest['callerId']) => dialled({ callerId: id }).variables;
    t.equal(
      callerId({ number: '1', name: 'x', hidden: true }).get('origination_privacy'),
      'screen+hide_name+hide_number',
    );
    t.equal(callerId({ number: '+1512', name: '' }).get('origination_caller_id_name'), '+1512');
    t.equal(
      callerId({ number: '1" <x>', name: 'a"b\r\nVia: c' }).get('origination_caller_id_number'),
      'anonymous',
    );
    t.equal(
      callerId({ number: '1', name: 'a"b\r\nVia: c' }).get('origination_caller_id_name'),
      'a b  Via: c',
    );
  },
);

void t.test('variables of the leg cannot take the place of ours, nor be run', async (t) => {
  const { variables } = dialled({ legVariables: { origination_uuid: 'mine', 'sip_h_X-Call': 'a=b,c|d' } });
  t.equal(variables.get('origination_uuid'), request.legUuid);
  t.equal(variables.get('sip_h_X-Call'), 'a=b,c|d');
  for (const bad of [{ execute_on_answer: 'system x' }, { 'sip_h_X-A': 'a\r\nb' }, { 'a}b': 'c' }])
    t.throws(() => dialled({ legVariables: bad }), UnsafeText);
});

void t.test('destinations are digits, E.164 or checked SIP URIs', async (t) => {
  const sip = (uri: string, profile = 'external') => destinationText({ kind: 'sip', uri, profile });
  const gateway = (number: string, name = 'gw') =>
    destinationText({ kind: 'gateway', gateway: name, number });
  t.equal(sip('sip:1000@127.0.0.1:5096'), 'sofia/external/1000@127.0.0.1:5096');
  t.equal(sip('buyer@example.com;transport=tls'), 'sofia/external/buyer@example.com;transport=tls');
  t.equal(sip('sips:a@b.example'), 'sofia/external/sips:a@b.example');
  t.equal(sip('sip:a@[2001:db8::1]:5060'), 'sofia/external/a@[2001:db8::1]:5060');
  t.equal(gateway('+15125550199'), 'sofia/gateway/gw/+15125550199');
  const badUris = [
    '',
    'sip:',
    'a',
    'a@',
    'a@b,sofia/x/c@d',
    'a@b|c',
    'a b@c',
    'a@b}',
    '{x=y}a@b',
    'a@b;fs_path=x',
    'a@b:_:c',
    "a'@b",
    'a%20@b',
    'a@b\n',
  ];
  for (const uri of badUris) t.throws(() => sip(uri), UnsafeText, JSON.stringify(uri));
  for (const number of ['', 'x', '1 2', '1,2', '1|2', '+', '1&2', '${x}'])
    t.throws(() => gateway(number), UnsafeText, number);
  t.throws(() => gateway('1', 'a/b'), UnsafeText);
  t.throws(() => sip('a@b', 'x y'), UnsafeText);
});

void t.test('originate quotes its dial string and refuses an application it cannot quote', async (t) => {
  const { name, arg } = originate(request, { app: 'socket', arg: '127.0.0.1:8084 full' });
  t.equal(name, 'originate');
  const [dial, application] = splitList(arg, ' ');
  t.match(dial, /^\{\^\^;origination_uuid=.*\}sofia\/gateway\/sippuas\/\+15125550199$/);
  t.equal(application, '&socket(127.0.0.1:8084 full)');
  t.throws(() => originate(request, { app: 'system', arg: "x')" }), UnsafeText);
});

const hostile = fc
  .array(
    fc.constantFrom(
      '${',
      '$',
      '\\',
      '%[',
      '{',
      '}',
      '[',
      ']',
      "'",
      '"',
      ';',
      '|',
      '=',
      '^^',
      ',',
      ':_:',
      '<',
      'a',
      ' ',
      '\n',
      '\0',
    ),
    { maxLength: 10 },
  )
  .map((parts) => parts.join(''));

void t.test('any text in any place makes one bridge to the one destination, or is refused', async () => {
  fc.assert(
    fc.property(hostile, hostile, hostile, hostile, (name, number, header, speech) => {
      let arg: string;
      try {
        arg =
          bridge({
            ...request,
            callerId: { number, name },
            legVariables: { 'sip_h_X-Text': header },
            accept: { whisper: { kind: 'speech', text: speech }, digit: '1', timeoutMs: 1000 },
          }).at(-1)?.arg ?? '';
      } catch (error) {
        return error instanceof UnsafeText && /[\n\0]/.test(header + speech);
      }
      const { commands, rest } = readCommands(executeMessage({ app: 'bridge', arg }));
      const { variables, endpoint } = parsed(arg);
      return (
        rest === '' &&
        commands.length === 1 &&
        argumentOf(commands[0]) === arg &&
        !isLive(arg) &&
        !arg.includes(':_:') &&
        endpoint === 'sofia/gateway/sippuas/+15125550199' &&
        variables.size === 13 &&
        variables.get('origination_uuid') === request.legUuid
      );
    }),
    { numRuns: 2000 },
  );
});
