import type { SimulatedCall } from '../../ops/switch-simulator/simulated-call.ts';

/** The sound files begun for the caller, in order, as FreeSWITCH was told their names. */
export function heardBy({ leg }: SimulatedCall): string[] {
  return leg.applications.flatMap(({ app, data }) =>
    app === 'playback' || app === 'play_and_get_digits' ? (data.match(/[\w/.-]+\.wav/g) ?? []) : [],
  );
}
