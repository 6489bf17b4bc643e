import { posix } from 'node:path';
import type { Channel } from '../channel/channel.ts';
import { ChannelGone } from '../channel/channel.ts';
import type { NodeLog, RecordingControl } from '../flow/node-context.ts';
import type { RecordingRecord } from '../records/call-record.ts';
import { type CallId, newId, type RecordingId, type TenantId } from '../telephony/ids.ts';

interface Recording {
  readonly recordingId: RecordingId;
  readonly path: string;
  readonly channels: 'mono' | 'stereo';
  readonly startedAtUs: number;
  readonly retentionDays: number | undefined;
  stoppedAtUs: number | undefined;
}

export interface CallRecordingOptions {
  readonly channel: Channel;
  /** Absolute, on the disk FreeSWITCH writes to. */
  readonly folder: string;
  readonly tenantId: TenantId;
  readonly callId: CallId;
  readonly log: NodeLog;
  readonly now: () => number;
}

/**
 * The recordings of one call. A path is `<folder>/<tenant>/<yyyy>/<mm>/<dd>/<call>-<n>.wav` on the disk FreeSWITCH
 * writes to. A recording FreeSWITCH cannot start never stops the call: the node leaves by `storageUnavailable`.
 */
export class CallRecording implements RecordingControl {
  readonly #options: CallRecordingOptions;
  readonly #recordings: Recording[];
  #running: Recording | undefined;

  /** `earlier`: those another daemon began; FreeSWITCH goes on writing the last one. */
  constructor(
    options: CallRecordingOptions,
    earlier: readonly Omit<Recording, 'stoppedAtUs' | 'retentionDays'>[],
  ) {
    this.#options = options;
    this.#recordings = earlier.map((one) => ({ ...one, retentionDays: undefined, stoppedAtUs: undefined }));
    this.#running = this.#recordings.at(-1);
  }

  get recordings(): readonly Recording[] {
    return this.#recordings;
  }

  async start(options: {
    channels: 'mono' | 'stereo';
    retentionDays?: number;
  }): Promise<'recording' | 'storageUnavailable'> {
    if (this.#running !== undefined) return 'recording';
    const { channel, folder, tenantId, callId, log, now } = this.#options;
    const day = new Date(now()).toISOString().slice(0, 10).replaceAll('-', '/');
    const recording: Recording = {
      recordingId: newId<'RecordingId'>(),
      path: posix.join(folder, tenantId, day, `${callId}-${this.#recordings.length + 1}.wav`),
      channels: options.channels,
      startedAtUs: now() * 1000,
      retentionDays: options.retentionDays,
      stoppedAtUs: undefined,
    };
    try {
      await channel.startRecording(recording.path, { channels: options.channels });
    } catch (error) {
      if (error instanceof ChannelGone) throw error;
      log.warn({ path: recording.path, error: String(error) }, 'recording could not be started');
      return 'storageUnavailable';
    }
    this.#recordings.push(recording);
    this.#running = recording;
    return 'recording';
  }

  async stop(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    await this.#options.channel.stopRecording(running.path);
  }

  async mask(masked: boolean): Promise<void> {
    if (this.#running !== undefined) await this.#options.channel.maskRecording(this.#running.path, masked);
  }

  /** RECORD_STOP came. */
  stopped(path: string, atUs: number): void {
    for (const recording of this.#recordings) if (recording.path === path) recording.stoppedAtUs ??= atUs;
    if (this.#running?.path === path) this.#running = undefined;
  }

  records(): RecordingRecord[] {
    return this.#recordings.map((recording) => ({ ...recording }));
  }
}
