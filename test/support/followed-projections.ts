import type { mongo } from 'mongoose';
import {
  liveGeneration,
  STATUS_COLLECTION,
  type ProjectionStatus,
} from '../../src/projections/generations/status.js';
import { readModelNames } from '../../src/families/read-models/index.js';
import type { TestDatabase } from './test-database.js';
import { until } from './until.js';

/** The state of projections as root sees it. */
export function statusesOf({ rootClient, name }: TestDatabase): mongo.Collection<ProjectionStatus> {
  return rootClient.db(name).collection<ProjectionStatus>(STATUS_COLLECTION);
}

/** Waits until a running service has built every projection. @throws Error where it does not */
export async function untilBuilt(database: TestDatabase): Promise<void> {
  await until(async () => {
    const statuses = await statusesOf(database).find().toArray();
    return statuses.filter((status) => liveGeneration(status) !== null).length === readModelNames.length;
  });
}

/** Waits until it has also brought each of them to the end of the log. @throws Error where it does not */
export async function untilAllFollow(database: TestDatabase): Promise<void> {
  await until(async () => {
    const head = await database.rootClient.db(database.logName).collection('log_head').findOne();
    const statuses = await statusesOf(database).find().toArray();
    const atHead = statuses.filter(
      (status) => Number(liveGeneration(status)?.generation.checkpoint) === Number(head?.['position']),
    );
    return atHead.length === readModelNames.length;
  });
}

/**
 * Takes a projection away from the service that follows it, as a process would that has stalled while it holds
 * the lease. What is returned gives it back.
 */
export async function holdBack(database: TestDatabase, projection: string): Promise<() => Promise<void>> {
  const statuses = statusesOf(database);
  await statuses.updateOne(
    { _id: projection },
    { $inc: { 'lease.epoch': 1 }, $set: { 'lease.owner': 'stalled', 'lease.until': new Date('2999-01-01') } },
  );
  return async () => {
    await statuses.updateOne({ _id: projection }, { $set: { 'lease.until': new Date(0) } });
  };
}
