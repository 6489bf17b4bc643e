import fc from 'fast-check';
import t from 'tap';
import { PasswordCheck } from '../../../../daemon/http/access/password-check.ts';
import { networkOf, type Pace, SignInPace } from '../../../../daemon/http/access/sign-in-pace.ts';

const account = 'a@test.example';
const refused = (pace: Pace): number => ('refusedForMs' in pace ? pace.refusedForMs : 0);
const delayed = (pace: Pace): number => ('afterMs' in pace ? pace.afterMs : Number.NaN);

function paceAt() {
  let now = 1;
  const pace = new SignInPace(() => now);
  return { pace, pass: (ms: number) => (now += ms) };
}

void t.test('one address has a few free tries on an account, then ever longer waits', async (t) => {
  const { pace, pass } = paceAt();
  for (let n = 0; n < 4; n += 1) t.equal(refused(pace.begin(account, '192.0.2.1')), 0);
  t.equal(refused(pace.begin(account, '192.0.2.1')), 1000);
  pass(999);
  t.ok(refused(pace.begin(account, '192.0.2.1')) > 0);
  pass(1);
  t.equal(refused(pace.begin(account, '192.0.2.1')), 0);
  t.equal(refused(pace.begin(account, '192.0.2.1')), 2000);
  t.equal(refused(pace.begin('b@test.example', '192.0.2.1')), 0, 'another account is another matter');
  t.equal(refused(pace.begin(account, '192.0.2.2')), 0, 'and so is another address');
});

void t.test('a right password takes the tries back', async (t) => {
  const { pace } = paceAt();
  for (let n = 0; n < 100; n += 1) {
    t.equal(refused(pace.begin(account, '192.0.2.1')), 0);
    t.equal(delayed(pace.stranger(account, '192.0.2.1')), 0);
    pace.succeeded(account, '192.0.2.1', true);
  }
});

void t.test('one address has a steady rate over all accounts', async (t) => {
  const { pace, pass } = paceAt();
  let let_in = 0;
  for (let n = 0; n < 100; n += 1)
    if (refused(pace.stranger(`${n}@x.example`, '192.0.2.1')) === 0) let_in += 1;
  t.equal(let_in, 30);
  t.equal(refused(pace.stranger('z@x.example', '192.0.2.9')), 0);
  pass(10_000);
  t.equal(refused(pace.stranger('y@x.example', '192.0.2.1')), 0);
  t.ok(refused(pace.stranger('x@x.example', '192.0.2.1')) > 0);
});

void t.test('nobody can shut another address out of an account, whatever they try', async (t) => {
  const address = fc.integer({ min: 0, max: 5000 }).map((n) => `10.1.${n >> 8}.${n & 255}`);
  const tries = fc.array(fc.tuple(address, fc.integer({ min: 0, max: 3000 })), { maxLength: 300 });
  fc.assert(
    fc.property(tries, (attack) => {
      const { pace, pass } = paceAt();
      for (const [from, ms] of attack) {
        pass(ms);
        if (refused(pace.begin(account, from)) === 0) pace.stranger(account, from);
      }
      // Its holder: from where they always sign in, and from a place nobody saw.
      const atHome = pace.begin(account, '192.0.2.1');
      const away = pace.stranger(account, '192.0.2.2');
      return delayed(atHome) === 0 && delayed(away) <= 4000;
    }),
  );
  const { pace } = paceAt();
  for (let n = 0; n < 500; n += 1) pace.stranger(account, `10.2.${n >> 8}.${n & 255}`);
  t.equal(delayed(pace.stranger(account, '192.0.2.2')), 4000, 'it takes longer, and is never refused');
});

void t.test('an address of IPv6 is its /64, one of IPv4 itself', async (t) => {
  t.equal(networkOf('192.0.2.1'), '192.0.2.1');
  t.equal(networkOf('::ffff:192.0.2.1'), '192.0.2.1');
  t.equal(networkOf('2001:db8:0:1:2:3:4:5'), networkOf('2001:db8::1:9:9:9:9'));
  t.equal(networkOf('2001:db8::5'), networkOf('2001:DB8:0:0:1::'));
  t.not(networkOf('2001:db8::5'), networkOf('2001:db8:0:1::5'));
  t.equal(networkOf('fe80::1%eth0'), 'fe80:0:0:0::/64');
});

void t.test('an account that does not exist costs one check too, and at most two run at once', async (t) => {
  const checked: string[] = [];
  let running = 0;
  let most = 0;
  const gate = Promise.withResolvers<void>();
  const passwords = new PasswordCheck({
    hashPassword: async () => "nobody's",
    isPassword: async (_password, hash) => {
      running += 1;
      most = Math.max(most, running);
      checked.push(hash);
      await gate.promise;
      running -= 1;
      return true;
    },
  });
  const known = passwords.matches('x', 'hash');
  const unknown = passwords.matches('x', undefined);
  const more = Array.from({ length: 50 }, () => passwords.matches('x', 'hash'));
  await t.rejects(
    passwords.matches('x', 'hash'),
    { message: /cannot be reached/ },
    'and not endlessly many wait',
  );
  gate.resolve();
  t.equal(await known, true);
  t.equal(await unknown, false, "nobody's password is right");
  await Promise.all(more);
  t.equal(most, 2);
  t.equal(checked.length, 52);
  t.equal(checked.filter((hash) => hash === "nobody's").length, 1);
});
