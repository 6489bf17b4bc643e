/**
 * Words of an application argument, as switch_separate_string cuts them at blanks: `'…'` holds a word together,
 * `\s` is a blank, `\n \r \t` their characters, `\\` and `\'` themselves; another backslash stays.
 */
export function separate(text: string): string[] {
  const words: string[] = [];
  let word = '';
  let begun = false;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? '';
    const next = text[at + 1];
    if (char === '\\' && next !== undefined && Object.hasOwn(escapes, next)) {
      word += escapes[next] ?? '';
      begun = true;
      at++;
    } else if (char === "'") {
      quoted = !quoted;
      begun = true;
    } else if (char === ' ' && !quoted) {
      if (begun) words.push(word);
      word = '';
      begun = false;
    } else {
      word += char;
      begun = true;
    }
  }
  if (begun) words.push(word);
  return words;
}

const escapes: Readonly<Record<string, string>> = {
  s: ' ',
  n: '\n',
  r: '\r',
  t: '\t',
  "'": "'",
  '"': '"',
  ' ': ' ',
  '\\': '\\',
};
