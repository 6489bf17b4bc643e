/** FreeSWITCH takes whole milliseconds alone, and 16.1 s times 1000 is 16100.000000000002. */
export function msOf(seconds: number): number {
  return Math.round(seconds * 1000);
}
