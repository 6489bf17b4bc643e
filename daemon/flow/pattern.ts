import { RE2JS } from 're2js';

/** A pattern out of a flow. It matches the whole text, in time linear in its length (RE2: no backtracking). */
export interface Pattern {
  matches(text: string): boolean;
}

/** Longer texts never match: nobody keys in, or is called, more than this. */
const longestText = 2000;
const longestPattern = 200;
/** RE2 instructions. A program of 250 passes over 2,000 characters in about a millisecond, one of 1,000 in a hundred. */
const largestProgram = 250;
const mostKept = 1000;
const kept = new Map<string, Pattern>();

/** Compiles a pattern in RE2's syntax. Throws SyntaxError with a sentence for the flow's author. */
export function compilePattern(source: string): Pattern {
  const known = kept.get(source);
  if (known !== undefined) return known;
  if (source.length > longestPattern)
    throw new SyntaxError(`a pattern may have ${longestPattern} characters, this one has ${source.length}`);
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(source);
  } catch (error) {
    throw new SyntaxError(error instanceof Error ? error.message : String(error));
  }
  if (compiled.programSize() > largestProgram)
    throw new SyntaxError('this pattern repeats too much: use smaller counts in {…}');
  const pattern: Pattern = {
    matches: (text) => text.length <= longestText && compiled.matches(text),
  };
  // Oldest first: a Map keeps the order of insertion.
  const oldest = kept.size >= mostKept ? kept.keys().next().value : undefined;
  if (oldest !== undefined) kept.delete(oldest);
  kept.set(source, pattern);
  return pattern;
}

/** Why a pattern cannot be used, or undefined. */
export function patternFault(source: string): string | undefined {
  try {
    compilePattern(source);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
