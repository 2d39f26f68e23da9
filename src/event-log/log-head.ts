import mongoose, { type mongo } from 'mongoose';
import { LogDamaged } from './errors.js';

const { Binary, Long } = mongoose.mongo;

/** The last position of the log, its hash and its time. Every append moves it: that is what orders the log. */
export interface LogHead {
  position: number;
  hash: Buffer;
  at: Date;
}

export interface LogHeadDocument {
  _id: 'head';
  position: mongo.Long;
  hash: mongo.Binary;
  at: Date;
}

/** The head as it is stored. */
export function headFields(head: LogHead): Omit<LogHeadDocument, '_id'> {
  return { position: Long.fromNumber(head.position), hash: new Binary(head.hash), at: head.at };
}

/** The head as it was read. @throws LogDamaged where there is none. */
export function toLogHead(document: LogHeadDocument | null): LogHead {
  if (document === null) throw new LogDamaged('log_head holds no head');
  return { position: Number(document.position), hash: Buffer.from(document.hash.buffer), at: document.at };
}
