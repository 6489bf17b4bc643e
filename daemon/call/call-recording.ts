import { posix } from 'node:path';
import { ChannelGone, type RecordingAdjustment } from '../channel/channel.ts';
import type { NodeLog, RecordingControl } from '../flow/node-context.ts';
import type { RecordingRecord } from '../records/call-record.ts';
import { type CallId, newId, type RecordingId, type TenantId } from '../telephony/ids.ts';
import type { SessionChannel } from './call-environment.ts';

interface Recording {
  readonly recordingId: RecordingId;
  readonly path: string;
  readonly channels: 'mono' | 'stereo';
  readonly startedAtUs: number;
  readonly retentionDays: number | undefined;
  /** Of the conversation alone: without one there is no file. */
  readonly onlyBridged: boolean;
  /** FreeSWITCH does not write it any more, or was told to stop. */
  over: boolean;
  /** By RECORD_STOP. */
  stoppedAtUs: number | undefined;
  durationMs: number | undefined;
}

/** What another daemon must know of a recording; what is usual is left out, as each byte is paid for often. */
export interface CarriedRecording {
  readonly recordingId: RecordingId;
  readonly path: string;
  readonly startedAtUs: number;
  readonly channels: 'mono' | 'stereo';
  readonly retentionDays?: number;
  readonly onlyBridged?: true;
  readonly over?: true;
  readonly stoppedAtUs?: number;
  readonly durationMs?: number;
}

export interface CallRecordingOptions {
  readonly channel: SessionChannel;
  /** Absolute, on the disk FreeSWITCH writes to. */
  readonly folder: string;
  readonly tenantId: TenantId;
  readonly callId: CallId;
  /** The campaign's rule, for recordings whose node has none. */
  readonly retentionDays?: number | undefined;
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
  #wake: (() => void) | undefined;

  /** `earlier`: those another daemon began; FreeSWITCH goes on writing the last one unless it is over. */
  constructor(options: CallRecordingOptions, earlier: readonly CarriedRecording[]) {
    this.#options = options;
    this.#recordings = earlier.map((one) => ({
      ...one,
      retentionDays: one.retentionDays,
      onlyBridged: one.onlyBridged === true,
      over: one.over === true,
      stoppedAtUs: one.stoppedAtUs,
      durationMs: one.durationMs,
    }));
    const last = this.#recordings.at(-1);
    this.#running = last?.over === true ? undefined : last;
  }

  /** No recording was begun yet. */
  get none(): boolean {
    return this.#recordings.length === 0;
  }

  /** For the call's state (call-state.ts). */
  get carried(): CarriedRecording[] {
    return this.#recordings.map(
      ({ retentionDays, onlyBridged, over, stoppedAtUs, durationMs, ...always }) => ({
        ...always,
        ...(retentionDays === undefined ? {} : { retentionDays }),
        ...(onlyBridged ? { onlyBridged } : {}),
        ...(over ? { over } : {}),
        ...(stoppedAtUs === undefined ? {} : { stoppedAtUs }),
        ...(durationMs === undefined ? {} : { durationMs }),
      }),
    );
  }

  async start(options: {
    channels: 'mono' | 'stereo';
    retentionDays?: number;
  }): Promise<'recording' | 'storageUnavailable'> {
    if (this.#running !== undefined) return 'recording';
    const { channel, log } = this.#options;
    const recording = this.#next(options.channels, options.retentionDays, false);
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

  /**
   * Begins one with the next verb, of the conversation only: nobody waits for it, and no ringing is in it. One that
   * cannot be asked for is done without: the caller gets their buyer all the same.
   */
  arm(channels: 'mono' | 'stereo'): void {
    if (this.#running !== undefined) return;
    const recording = this.#next(channels, undefined, true);
    try {
      this.#options.channel.armRecording(recording.path, { channels, onlyBridged: true });
    } catch (error) {
      this.#options.log.warn(
        { path: recording.path, error: String(error) },
        'recording could not be started, went on without',
      );
      return;
    }
    this.#recordings.push(recording);
    this.#running = recording;
  }

  async stop(): Promise<boolean> {
    const running = this.#running;
    if (running === undefined) return false;
    this.#running = undefined;
    running.over = true;
    await this.#options.channel.stopRecording(running.path);
    return true;
  }

  async adjust(adjustment: RecordingAdjustment): Promise<boolean> {
    if (this.#running === undefined) {
      // What it was meant to keep out may get into one that begins later.
      if (adjustment === 'mask' || adjustment === 'pause')
        this.#options.log.warn({ adjustment }, 'no recording ran that could be adjusted');
      return false;
    }
    await this.#options.channel.adjustRecording(this.#running.path, adjustment);
    return true;
  }

  /** RECORD_STOP came. `durationMs`: `record_ms`, which counts what was masked and not what was paused. */
  stopped(path: string, atUs: number, durationMs?: number): void {
    for (const recording of this.#recordings) {
      if (recording.path !== path) continue;
      recording.stoppedAtUs ??= atUs;
      // It divides by the codec's rate at the end (switch_ivr_async.c): after a change to a lower one it counts too much.
      if (durationMs !== undefined)
        recording.durationMs ??= Math.min(durationMs, wholeMs(recording.startedAtUs, atUs));
      recording.over = true;
    }
    if (this.#running?.path === path) this.#running = undefined;
    if (this.#allStopped()) this.#wake?.();
  }

  /**
   * Resolves when RECORD_STOP came for every recording, or at the deadline. The end of a leg may be told before it, by
   * mod_json_cdr's own way; a recording without its stop is looked after only when its file has rested.
   */
  async settled(deadlineMs: number): Promise<void> {
    if (this.#allStopped()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = setTimeout(resolve, deadlineMs);
    await promise;
    clearTimeout(timer);
    this.#wake = undefined;
  }

  #allStopped(): boolean {
    return this.#recordings.every(({ stoppedAtUs }) => stoppedAtUs !== undefined);
  }

  /** A recording that only a conversation would have filled is none where nobody `talked`. */
  records(talked: boolean): RecordingRecord[] {
    return this.#recordings
      .filter(({ onlyBridged }) => talked || !onlyBridged)
      .map(({ recordingId, path, channels, startedAtUs, retentionDays, stoppedAtUs, durationMs }) => ({
        recordingId,
        path,
        channels,
        startedAtUs,
        retentionDays,
        stoppedAtUs,
        durationMs,
      }));
  }

  #next(channels: 'mono' | 'stereo', retentionDays: number | undefined, onlyBridged: boolean): Recording {
    const { folder, tenantId, callId, now } = this.#options;
    const day = new Date(now()).toISOString().slice(0, 10).replaceAll('-', '/');
    return {
      recordingId: newId<'RecordingId'>(),
      path: posix.join(folder, tenantId, day, `${callId}-${this.#recordings.length + 1}.wav`),
      channels,
      startedAtUs: now() * 1000,
      retentionDays: retentionDays ?? this.#options.retentionDays,
      onlyBridged,
      over: false,
      stoppedAtUs: undefined,
      durationMs: undefined,
    };
  }
}

function wholeMs(fromUs: number, toUs: number): number {
  return Math.max(0, Math.round((toUs - fromUs) / 1000));
}
