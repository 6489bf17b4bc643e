import t from 'tap';
import { legEndFromJsonCdr } from '../../../daemon/channel/leg-end-from-json-cdr.ts';
import type { LegEnd, LegFact } from '../../../daemon/channel/leg-fact.ts';
import { legFactFromEvent } from '../../../daemon/channel/leg-fact-from-event.ts';
import { FrameParser } from '../../../daemon/esl/frame-parser.ts';
import { PlainEvent } from '../../../daemon/esl/plain-event.ts';
import { bytesFromSwitch, jsonCdr } from '../esl/recordings.ts';

function recordedFacts(recording: string): LegFact[] {
  const facts: LegFact[] = [];
  const parser = new FrameParser((frame) => {
    const fact = legFactFromEvent(frame.event);
    if (fact !== undefined) facts.push(fact);
  });
  parser.push(bytesFromSwitch(recording));
  return facts;
}

function endedLegs(recording: string): LegEnd[] {
  return recordedFacts(recording).flatMap((fact) => (fact.kind === 'ended' ? [fact.leg] : []));
}

void t.test('a bridged call is told leg by leg', async (t) => {
  const a = 'fae3f57b-70a6-4bcb-8ced-bbc09b17d5ca';
  const b = '00b89f8b-182b-4f74-a844-61214b537867';
  const facts = recordedFacts('async/bridge_answered.jsonl');
  t.same(
    facts.map(({ kind, channelUuid }) => [kind, channelUuid]),
    [
      ['answered', a],
      ['answered', b],
      ['bridged', a],
      ['unbridged', a],
      ['ended', b],
      ['ended', a],
    ],
  );
  t.match(facts[0], { kind: 'answered', channelUuid: a, atUs: 1795477797424045 });
  t.match(
    facts.find(({ kind }) => kind === 'bridged'),
    { channelUuid: a, otherLegUuid: b },
  );
});

void t.test('an ended leg has FreeSWITCH’s own times and figures', async (t) => {
  const [b, a] = endedLegs('async/bridge_answered.jsonl');
  t.match(a, {
    side: 'A',
    channelUuid: 'fae3f57b-70a6-4bcb-8ced-bbc09b17d5ca',
    otherLegUuid: '00b89f8b-182b-4f74-a844-61214b537867',
    times: {
      startUs: 1795477797404034,
      progressUs: 1795477797464063,
      progressMediaUs: undefined,
      answerUs: 1795477797424045,
      bridgeUs: 1795477797504052,
      endUs: 1795477800484027,
    },
    billMs: 3060,
    cause: 'NORMAL_CLEARING',
    disposition: 'send_bye',
    callerNumber: '+15125550100',
    calledNumber: '15551234567',
    codec: 'PCMU',
    sipCallId: '1-536@127.0.0.1',
    remoteAddress: '127.0.0.1',
  });
  t.match(b, { side: 'B', otherLegUuid: a?.channelUuid, billMs: 3000, callerNumber: '+15559876543' });
  t.equal(a?.variable('ringback'), '%(2000,4000,440,480)');
});

void t.test('a busy buyer’s leg bears its 486, the caller’s leg does not', async (t) => {
  const [busy, talked, caller] = endedLegs('async/bridge_busy_then_ok.jsonl');
  t.match(busy, { side: 'B', cause: 'USER_BUSY', sipCode: 486, billMs: 0, times: { answerUs: undefined } });
  t.match(talked, { side: 'B', cause: 'NORMAL_CLEARING' });
  t.match(caller, { side: 'A', cause: 'NORMAL_CLEARING' });
  t.not(caller?.sipCode, 486);
});

void t.test('a caller who cancels leaves two legs that were never answered', async (t) => {
  const legs = endedLegs('async/caller_cancel.jsonl');
  t.equal(legs.find(({ side }) => side === 'B')?.cause, 'ORIGINATOR_CANCEL');
  t.equal(legs.length, 2);
  for (const leg of legs) t.match(leg, { billMs: 0, times: { answerUs: undefined, bridgeUs: undefined } });
});

void t.test('mod_json_cdr’s records read like the events', async (t) => {
  t.match(legEndFromJsonCdr(jsonCdr('a_leg')), {
    side: 'A',
    channelUuid: '6b5baba9-5e65-4a11-9394-a0b96bd7a2de',
    otherLegUuid: '9ee900aa-264b-4c8a-a0a5-fe9663007a1c',
    times: { startUs: 1795479786979885, answerUs: 1795479786979885, endUs: 1795479790019910 },
    billMs: 3040,
    cause: 'NORMAL_CLEARING',
    disposition: 'send_bye',
    callerNumber: '+15125550100',
    calledNumber: 'sync1',
    codec: 'PCMU',
    mos: 4.5,
    sipCallId: '1-22038@127.0.0.1',
    remoteAddress: '127.0.0.1',
  });
  const b = legEndFromJsonCdr(jsonCdr('b_leg'));
  t.match(b, { side: 'B', cause: 'NORMAL_CLEARING', calledNumber: '1000' });
  t.type(b?.otherLegUuid, 'string');
  t.equal(b?.variable('sip_destination_url'), 'sip:1000@127.0.0.1:5090');
});

void t.test('values are decoded where FreeSWITCH encoded them, and only there', async (t) => {
  const record = (variables: object) => ({ variables: { uuid: 'u', end_uepoch: '7', ...variables } });
  const plain = record({ start_stamp: '2026-06-15 10:00:00', sip_h: '100%25 %41', list: ['%41', 'b'] });
  t.equal(legEndFromJsonCdr(plain)?.variable('sip_h'), '100%25 %41', 'encode-values=false, as we ship it');
  t.equal(legEndFromJsonCdr(plain)?.variable('list'), 'ARRAY::%41|:b');
  const encoded = record({ start_stamp: '2026-06-15%2010%3A00%3A00', sip_h: '100%2525%20%2541' });
  t.equal(legEndFromJsonCdr(encoded)?.variable('sip_h'), '100%25 %41', "the module's default");
});

void t.test('what is no record of a leg is none', async (t) => {
  for (const record of [undefined, null, 1, 'x', [], {}, { variables: null }, { variables: { uuid: 'x' } }])
    t.equal(legEndFromJsonCdr(record), undefined);
  const hostile: unknown = JSON.parse(
    '{"variables":{"uuid":"u","end_uepoch":"7","__proto__":"x","billmsec":"-1","a":["%41","b"]},"callflow":{"__proto__":1}}',
  );
  const leg = legEndFromJsonCdr(hostile);
  t.match(leg, { channelUuid: 'u', billMs: 0, cause: 'NORMAL_UNSPECIFIED', times: { startUs: 7, endUs: 7 } });
  t.equal(leg?.variable('a'), 'ARRAY::A|:b');
  t.equal(leg?.variable('constructor'), undefined);
});

void t.test('a recording that stopped tells its file and length', async (t) => {
  const event = new PlainEvent(
    'Event-Name: RECORD_STOP\nUnique-ID: u\nEvent-Date-Timestamp: 5\nRecord-File-Path: /a%20b.wav\nvariable_record_ms: 2040\n\n',
  );
  t.same(legFactFromEvent(event), {
    kind: 'recordingStopped',
    channelUuid: 'u',
    path: '/a b.wav',
    atUs: 5,
    durationMs: 2040,
  });
});

void t.test('events that are no facts about a leg are none', async (t) => {
  t.equal(legFactFromEvent(new PlainEvent('Event-Name: DTMF\nUnique-ID: u\n\n')), undefined);
  t.equal(legFactFromEvent(new PlainEvent('Event-Name: CHANNEL_ANSWER\n\n')), undefined);
});
