import t from 'tap';
import { hashPassword, isPassword } from '../../../orm/password.ts';

void t.test('a password fits its own hash alone, and two hashes of one differ', async (t) => {
  const hash = await hashPassword('Pässwort 123');
  t.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  t.ok(await isPassword('Pässwort 123', hash));
  t.notOk(await isPassword('Pässwort 124', hash));
  t.not(await hashPassword('Pässwort 123'), hash);
});

void t.test('a hash that the reference implementation made is understood', async (t) => {
  // argon2(1) of the reference: echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1 -e
  const hash = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
  t.ok(await isPassword('password', hash));
  t.notOk(await isPassword('passwort', hash));
});

void t.test('what is no hash matches nothing', async (t) => {
  for (const hash of ['', '!', 'password', '$2b$10$abcdefghijklmnopqrstuv', '$argon2id$v=19$m=1,t=1,p=1$x$y'])
    t.notOk(await isPassword('password', hash), hash);
});
