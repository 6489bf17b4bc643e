import t from 'tap';
import { attemptOutcomeOf, ruleOf } from '../../../daemon/routing/cause-map.ts';
import { type HangupCause, hangupCauses } from '../../../daemon/telephony/hangup-cause.ts';
import { attemptOutcomes } from '../../../daemon/telephony/outcome.ts';

void t.test('486 and 603 are final for the endpoint, a network fault is not', async (t) => {
  t.equal(ruleOf('USER_BUSY', 486), 'skipEndpoint');
  t.equal(ruleOf('CALL_REJECTED', 603), 'skipEndpoint');
  t.equal(ruleOf('DECLINE', 603), 'skipEndpoint');
  t.equal(ruleOf('NORMAL_TEMPORARY_FAILURE', 503), 'next');
  t.equal(ruleOf('GATEWAY_DOWN', undefined), 'next');
});

void t.test("the flow's own rules come first: by SIP status, then by cause", async (t) => {
  t.equal(ruleOf('USER_BUSY', 486, { USER_BUSY: 'stop' }), 'stop');
  t.equal(ruleOf('USER_BUSY', 486, { USER_BUSY: 'stop', '486': 'next' }), 'next');
  t.equal(ruleOf('USER_BUSY', undefined, { '486': 'next' }), 'skipEndpoint');
  t.equal(ruleOf('NO_ANSWER', undefined, JSON.parse('{"__proto__":"stop"}')), 'skipEndpoint');
});

void t.test('every cause FreeSWITCH knows has an outcome and a rule', async (t) => {
  for (const cause of Object.keys(hangupCauses) as HangupCause[]) {
    t.ok(attemptOutcomes.includes(attemptOutcomeOf(cause)), cause);
    t.not(ruleOf(cause, undefined), 'stop', `${cause} stops nobody else by default`);
  }
  t.equal(attemptOutcomeOf('NO_USER_RESPONSE'), 'no_answer');
  t.equal(attemptOutcomeOf('INVALID_GATEWAY'), 'failed');
});
