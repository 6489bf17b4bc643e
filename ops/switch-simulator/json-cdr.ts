import { mkdirSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import type { CallerProfile } from './caller-profile.ts';
import type { Leg } from './leg.ts';
import { cdrSkeleton } from './template.ts';

export interface JsonCdrSettings {
  readonly url: string | undefined;
  /** Where a record goes that nobody takes; undefined: it is lost, as with no err-log-dir. */
  readonly fallbackFolder: string | undefined;
  /** HTTP basic credentials, `user:password`. */
  readonly credentials?: string | undefined;
}

/** mod_json_cdr's record of an ended leg, as byte text. */
export function cdrOf(leg: Leg, coreUuid: string): string {
  const skeleton = cdrSkeleton[leg.side === 'A' ? 'a' : 'b'];
  const { profile, times } = leg;
  return JSON.stringify({
    'core-uuid': coreUuid,
    switchname: 'vm',
    ...skeleton,
    variables: Object.fromEntries(leg.variables.encoded()),
    ...(leg.applications.length === 0
      ? {}
      : {
          app_log: {
            applications: leg.applications.map(({ app, data, atUs }) => ({
              app_name: app,
              ...(data === '' ? {} : { app_data: data }),
              app_stamp: String(atUs),
            })),
          },
        }),
    callflow: [
      {
        dialplan: 'XML',
        profile_index: '1',
        caller_profile: {
          ...profileOf(profile),
          ...(leg.other === undefined
            ? {}
            : {
                [leg.other.type]: {
                  [`${leg.other.type}_caller_profiles`]: [profileOf(leg.other.leg.profile)],
                },
              }),
        },
        times: {
          created_time: String(times.createdUs),
          profile_created_time: String(times.createdUs),
          progress_time: String(times.progressUs),
          progress_media_time: String(times.progressMediaUs),
          answered_time: String(times.answeredUs),
          bridged_time: String(times.bridgedUs),
          last_hold_time: '0',
          hold_accum_time: '0',
          hangup_time: String(times.hangupUs),
          resurrect_time: '0',
          transfer_time: '0',
        },
      },
    ],
  });
}

function profileOf(profile: CallerProfile): Record<string, string> {
  return {
    username: profile.username,
    dialplan: 'XML',
    caller_id_name: profile.callerName,
    ani: profile.username,
    aniii: '',
    caller_id_number: profile.callerNumber,
    network_addr: '127.0.0.1',
    rdnis: '',
    destination_number: profile.destination,
    uuid: profile.uuid,
    source: 'mod_sofia',
    context: 'public',
    chan_name: profile.channelName,
  };
}

/** Posts records and keeps on disk those that were not taken (any answer but 2xx, or none): mod_json_cdr.c, process_cdr. */
export class JsonCdrPoster {
  readonly #settings: JsonCdrSettings;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 8 });
  /** Posts not answered yet. */
  pending = 0;
  posted = 0;
  keptOnDisk = 0;

  constructor(settings: JsonCdrSettings) {
    this.#settings = settings;
  }

  post(leg: Leg, coreUuid: string): void {
    const { url, credentials } = this.#settings;
    if (url === undefined) return;
    const record = Buffer.from(cdrOf(leg, coreUuid), 'latin1');
    const name = leg.side === 'A' ? `a_${leg.uuid}` : leg.uuid;
    this.pending++;
    let settled = false;
    const settle = (taken: boolean) => {
      if (settled) return;
      settled = true;
      this.pending--;
      if (taken) this.posted++;
      else this.#keep(name, record);
    };
    const post = request(
      `${url}?uuid=${name}`,
      {
        method: 'POST',
        agent: this.#agent,
        timeout: 5000,
        headers: { 'content-type': 'application/json', 'content-length': record.length },
        ...(credentials === undefined ? {} : { auth: credentials }),
      },
      (response) => {
        response.resume();
        const { statusCode = 0 } = response;
        response.on('close', () => settle(statusCode >= 200 && statusCode < 300));
      },
    );
    post.on('error', () => settle(false));
    post.on('timeout', () => post.destroy());
    post.end(record);
  }

  stop(): void {
    this.#agent.destroy();
  }

  #keep(name: string, record: Buffer): void {
    const folder = this.#settings.fallbackFolder;
    if (folder === undefined) return;
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${name}.cdr.json`), record);
    this.keptOnDisk++;
  }
}
