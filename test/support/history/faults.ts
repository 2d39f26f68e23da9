import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import type { mongo } from 'mongoose';
import type { ThreeNodeSet } from '../three-node-set.js';

/** What can happen to the servers and writers of a history. */
export type Fault =
  | { do: 'kill writer'; writer: number }
  /** It sleeps, perhaps with the head in its hands, and goes on after. */
  | { do: 'stop writer'; writer: number; ms: number }
  | { do: 'kill primary'; downMs: number }
  | { do: 'stop primary'; ms: number }
  | { do: 'fail commits'; how: CommitFailure; times: number }
  /** Nothing reaches a majority for so long. */
  | { do: 'withhold majority'; ms: number }
  | { do: 'pause'; ms: number };

const LABELS = { errorLabels: ['UnknownTransactionCommitResult'] };

/** How a commit can fail (MongoDB's `failCommand`). Some have happened all the same. */
const COMMIT_FAILURES = {
  'the connection is closed': { closeConnection: true },
  'the server shuts down': { errorCode: 91 },
  'the server steps down': { errorCode: 189 },
  'the server is no primary': { errorCode: 10107 },
  'the server changes its state': { errorCode: 11602 },
  'the time is up': { errorCode: 50 },
  'there is no such transaction': { errorCode: 251 },
  'it is unknown by the label alone': { errorCode: 8, ...LABELS },
  'for no reason that anybody knows': { errorCode: 8 },
  'it happened, and the server shuts down': { writeConcernError: { code: 91, errmsg: 'shutting down' } },
  'it happened, and no majority confirms it': {
    writeConcernError: { code: 64, errmsg: 'waiting for replication timed out', errInfo: { wtimeout: true } },
  },
  'it takes long': { blockConnection: true, blockTimeMS: 500 },
} as const satisfies Record<string, mongo.Document>;

export type CommitFailure = keyof typeof COMMIT_FAILURES;

export const commitFailures = Object.keys(COMMIT_FAILURES) as CommitFailure[];

type WriterFault = Extract<Fault, { do: 'kill writer' | 'stop writer' }>;
type SetFault = Exclude<Fault, WriterFault>;

/** What may happen to the servers; of one after the other, so that most of the time there is a majority. */
export const setFaults: fc.Arbitrary<SetFault> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('fail commits' as const),
      how: fc.constantFrom(...commitFailures),
      times: fc.integer({ min: 1, max: 8 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('kill primary' as const),
      downMs: fc.integer({ min: 0, max: 6_000 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('stop primary' as const),
      ms: fc.integer({ min: 200, max: 8_000 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('withhold majority' as const),
      ms: fc.integer({ min: 100, max: 4_000 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('pause' as const), ms: fc.nat(1_500) }) },
);

/** What may happen to writers meanwhile. */
export function writerFaults(writers: number): fc.Arbitrary<WriterFault> {
  const writer = fc.nat(writers - 1);
  return fc.oneof(
    fc.record({ do: fc.constant('kill writer' as const), writer }),
    fc.record({
      do: fc.constant('stop writer' as const),
      writer,
      ms: fc.integer({ min: 50, max: 3_000 }),
    }),
  );
}

/** What a fault does to a set; resolves when the set has a primary again and all its members run. */
export async function strikeSet(set: ThreeNodeSet, fault: SetFault): Promise<void> {
  switch (fault.do) {
    case 'kill primary': {
      const node = await set.primary();
      await node.kill();
      await sleep(fault.downMs);
      await node.start();
      await set.primary();
      return;
    }
    case 'stop primary': {
      const node = await set.primary();
      node.putToSleep();
      await sleep(fault.ms);
      node.wakeUp();
      await set.primary();
      return;
    }
    case 'fail commits': {
      const { how, times } = fault;
      return set.failCommands(await set.primary(), ['commitTransaction'], COMMIT_FAILURES[how], times);
    }
    case 'withhold majority': {
      const confirmAgain = await set.withholdMajority();
      await sleep(fault.ms);
      return confirmAgain();
    }
    case 'pause':
      return sleep(fault.ms);
  }
}
