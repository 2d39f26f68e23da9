import { setTimeout as sleep } from 'node:timers/promises';
import { readModelNames } from '../../src/families/read-models/index.js';
import type { ProjectionStatus } from '../../src/projections/generations/status.js';
import type { TestDatabase } from './test-database.js';

const POLL_MS = 50;

/** Waits until a running service has built every projection and brought it to the end of the log. */
export async function projectionsReady({ rootClient, name, logName }: TestDatabase): Promise<void> {
  const statuses = rootClient.db(name).collection<ProjectionStatus>('projection_status');
  for (;;) {
    const head = await rootClient.db(logName).collection('log_head').findOne();
    const all = await statuses.find().toArray();
    const ready = all.filter(({ live, slots }) => {
      const checkpoint = live === null ? undefined : slots[live]?.checkpoint;
      return checkpoint !== undefined && Number(checkpoint) === Number(head?.['position']);
    });
    if (ready.length === readModelNames.length) return;
    await sleep(POLL_MS);
  }
}
