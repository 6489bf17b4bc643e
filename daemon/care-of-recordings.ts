import type { openOrm } from '../orm/config.ts';
import type { Config } from './config.ts';
import type { Job } from './jobs/job-table.ts';
import type { Logger } from './log.ts';
import { recordingTargetOf } from './recording-target-of.ts';
import { RecordingFolders } from './records/recording-folders.ts';
import { RecordingRetention } from './records/recording-retention.ts';
import { RecordingStore } from './records/recording-store.ts';

/** Recordings after their call: brought to where they are kept, and deleted there when their time is over. */
export function careOfRecordings(parts: {
  readonly orm: ReturnType<typeof openOrm>;
  readonly settings: Config['recordings'];
  readonly log: Logger;
}): { readonly recordings: RecordingStore; readonly jobs: readonly Job[] } {
  const { orm, settings, log } = parts;
  const target = recordingTargetOf(settings.store);
  const folders = new RecordingFolders(orm, settings.folder);
  // Calls may come before the job's first run.
  folders
    .make()
    .catch((error: unknown) => log.warn({ error: String(error) }, 'folders of recordings were not made'));
  const recordings = new RecordingStore({ orm, target, log });
  const retention = new RecordingRetention({ orm, target, log });
  return {
    recordings,
    jobs: [
      { name: 'recordings', when: '*/30 * * * * *', run: () => recordings.sweepRecordings() },
      { name: 'recording-folders', when: '20 * * * * *', run: () => folders.make() },
      { name: 'recording-retention', when: '0 23 * * * *', run: (signal) => retention.deleteDue(signal) },
    ],
  };
}
