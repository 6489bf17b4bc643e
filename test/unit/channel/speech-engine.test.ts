import { mock } from 'node:test';
import t from 'tap';
import { EslChannel } from '../../../daemon/channel/esl-channel.ts';
import type { Application } from '../../../daemon/esl/command.ts';
import type { OutboundSocket } from '../../../daemon/esl/outbound-socket.ts';
import { PlainEvent } from '../../../daemon/esl/plain-event.ts';
import type { Branded } from '../../../daemon/telephony/ids.ts';

/** A channel whose applications take as long as the test says, by a clock of its own. */
function channelWhere(tookMs: (application: Application | undefined) => number) {
  let nowMs = 0;
  mock.method(performance, 'now', () => nowMs);
  const socket: Partial<OutboundSocket> = {
    remoteAddress: '127.0.0.1',
    channelData: new PlainEvent('Unique-ID: a\nAnswer-State: answered\n\n'),
    ended: new AbortController().signal,
    onEnd: () => {},
    onEvent() {},
    execute: async (applications) => {
      nowMs += tookMs(applications.at(-1));
      return new PlainEvent(
        'Event-Name: CHANNEL_EXECUTE_COMPLETE\nUnique-ID: a\nApplication-Response: _none_\n\n',
      );
    },
  };
  return new EslChannel(socket as OutboundSocket, {
    switchName: 'fs1' as Branded<'SwitchName'>,
    link: undefined,
    onDecision() {},
  });
}

void t.test(
  'a text FreeSWITCH has no engine to speak with was not heard, and it says what to do',
  async (t) => {
    t.teardown(() => mock.restoreAll());
    const spoken = { kind: 'speech', text: 'Press 1' } as const;
    const silent = channelWhere(() => 2);
    t.match(await silent.play(spoken), { end: 'failed', detail: /speech engine.*mod_flite/ });
    t.same(await silent.play({ kind: 'speech', text: '…' }), { end: 'finished' }, 'there was nothing to say');
    t.same(
      await silent.play({ kind: 'file', path: 'click.wav' }),
      { end: 'finished' },
      'a sound may be short',
    );
    mock.restoreAll();
    t.same(await channelWhere(() => 600).play(spoken), { end: 'finished' });
  },
);
