import type { Config, RecordingsStore } from './config.ts';
import { fileSource, type RecordingSource } from './records/recording-source.ts';
import { folderTarget, keepInPlace, type RecordingTarget } from './records/recording-target.ts';
import { type S3Options, s3Source, s3Target } from './records/s3-target.ts';

/** Where verified recordings are kept, as the settings say. */
export function recordingTargetOf(store: RecordingsStore): RecordingTarget {
  switch (store.kind) {
    case 'local':
      return keepInPlace;
    case 'folder':
      return folderTarget(store.folder);
    case 's3':
      return s3Target(s3OptionsOf(store));
  }
}

/** Where they are read: also those that were kept before the settings named another store. */
export function recordingSourceOf({ folder, store }: Config['recordings']): RecordingSource {
  const files = fileSource(store.kind === 'folder' ? [folder, store.folder] : [folder]);
  return store.kind === 's3' ? s3Source({ ...s3OptionsOf(store), deadlineMs: 10_000 }, files) : files;
}

function s3OptionsOf(store: Extract<RecordingsStore, { kind: 's3' }>): S3Options {
  const { bucket, prefix, region, endpoint, credentials } = store;
  return {
    bucket,
    region,
    prefix: prefix === '' ? '' : `${prefix}/`,
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(credentials === undefined ? {} : { credentials }),
  };
}
