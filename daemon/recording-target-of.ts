import type { RecordingsStore } from './config.ts';
import { keepInPlace, type RecordingTarget } from './records/recording-target.ts';
import { s3Target } from './records/s3-target.ts';

/** Where verified recordings are kept, as the settings say. */
export function recordingTargetOf(store: RecordingsStore): RecordingTarget {
  if (store.kind !== 's3') return keepInPlace;
  const { bucket, prefix, region, endpoint, credentials } = store;
  return s3Target({
    bucket,
    region,
    prefix: prefix === '' ? '' : `${prefix}/`,
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(credentials === undefined ? {} : { credentials }),
  });
}
