import type { SimulatedCall } from '../../ops/switch-simulator/simulated-call.ts';

/**
 * Places calls in this order, each when one before it has ended, so that at most `atOnce` live. All at once would be a
 * load test: on a busy machine the daemon then refuses calls, as it should.
 */
export function placeInTurn(
  count: number,
  place: (index: number) => SimulatedCall,
  atOnce = 10,
): readonly Promise<SimulatedCall>[] {
  const places = Array.from({ length: count }, () => Promise.withResolvers<SimulatedCall>());
  const waiting = [...places.entries()];
  const placeNext = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, { resolve }] = next;
      const call = place(index);
      resolve(call);
      await call.ended;
    }
  };
  for (let one = 0; one < atOnce; one += 1) void placeNext();
  return places.map(({ promise }) => promise);
}
