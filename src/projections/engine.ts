import mongoose, { type mongo } from 'mongoose';
import type { LogCollections } from '../event-log/log-collections.js';
import type { StoredDocument } from './documents.js';
import type { EventDecoder } from './event-decoder.js';
import { slotCollection, STATUS_COLLECTION, type Slot, type StatusCollection } from './generations/status.js';
import type { Projection } from './projection.js';
import { QUARANTINE_COLLECTION, type QuarantineCollection } from './quarantine/quarantine.js';

/** Everything is read committed on a majority; bytes that are sent are the bytes that are compared. */
const DERIVED_OPTIONS: mongo.DbOptions = {
  readConcern: new mongoose.mongo.ReadConcern('majority'),
  readPreference: 'primary',
  ignoreUndefined: true,
};

/** How long processes wait for each other, in milliseconds. */
export interface EngineTimes {
  /** A runner that has not renewed its lease for this long is taken for dead. */
  readonly leaseMs: number;
  /** The same for a rebuild. */
  readonly rebuildLeaseMs: number;
  /** How long a slot is left alone after it ceased to be live: longer than anybody goes on reading it. */
  readonly slotRestMs: number;
  /** After which a service tries again what it could not build, or what another process builds. */
  readonly buildAgainMs: number;
}

export const ENGINE_TIMES: EngineTimes = {
  leaseMs: 8_000,
  rebuildLeaseMs: 10_000,
  slotRestMs: 5_000,
  buildAgainMs: 5_000,
};

/** What projections are run with: the log, the database of what is derived, and the means to read events. */
export class ProjectionEngine {
  readonly db: mongo.Db;
  readonly statuses: StatusCollection;
  readonly quarantine: QuarantineCollection;

  constructor(
    readonly log: LogCollections,
    databaseName: string,
    readonly projections: readonly Projection[],
    readonly decoder: EventDecoder,
    readonly times: EngineTimes = ENGINE_TIMES,
  ) {
    this.db = log.client.db(databaseName, DERIVED_OPTIONS);
    this.statuses = this.db.collection(STATUS_COLLECTION);
    this.quarantine = this.db.collection(QUARANTINE_COLLECTION);
  }

  get client(): mongo.MongoClient {
    return this.log.client;
  }

  /** The projection of this name. @throws UnknownProjection */
  projection(name: string): Projection {
    const found = this.projections.find((projection) => projection.name === name);
    if (found === undefined) throw new UnknownProjection(name, this.projections);
    return found;
  }

  /** The documents of one slot. */
  slot(projection: string, slot: Slot): mongo.Collection<StoredDocument> {
    return this.db.collection(slotCollection(projection, slot));
  }
}

/** No projection has this name. */
export class UnknownProjection extends Error {
  constructor(name: string, projections: readonly Projection[]) {
    super(`There is no projection "${name}"; there are ${projections.map((known) => known.name).join(', ')}`);
    this.name = 'UnknownProjection';
  }
}
