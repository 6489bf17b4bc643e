import { bridge } from './app-bridge.ts';
import { channelApplications } from './app-channel.ts';
import { playAndGetDigits } from './app-digits.ts';
import { endlessPlayback, playback, speak } from './app-playback.ts';
import { recordingApplications } from './app-recording.ts';
import { exportVariable, multiset, set, unset } from './app-variables.ts';
import type { Application } from './application.ts';
import { socket } from './dialplan.ts';

/** Every application the simulated switch knows, by name. */
export const applications: ReadonlyMap<string, Application> = new Map(
  [
    bridge,
    endlessPlayback,
    exportVariable,
    multiset,
    playAndGetDigits,
    playback,
    set,
    socket,
    speak,
    unset,
    ...channelApplications,
    ...recordingApplications,
  ].map((application) => [application.name, application]),
);
