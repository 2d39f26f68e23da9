import { setTimeout as sleep } from 'node:timers/promises';
import type { mongo } from 'mongoose';
import {
  liveGeneration,
  STATUS_COLLECTION,
  type ProjectionStatus,
} from '../../src/projections/generations/status.js';
import { readModelNames } from '../../src/families/read-models/index.js';
import type { TestDatabase } from './test-database.js';

/** Longer than a lease takes to run out; in milliseconds. */
const PATIENCE_MS = 20_000;

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

/** Waits until something is so. @throws Error where it does not become so */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`Not so after ${PATIENCE_MS} ms: ${isSo.toString()}`);
    await sleep(20);
  }
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
