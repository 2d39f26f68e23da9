import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** An event as a writer sent it, without its place in the log: that is the log's to give. */
export interface SentEvent {
  type: string;
  /** SHA-256 over data and sealed part, in hexadecimal; see `payloadHash`. */
  payload: string;
}

/** What a process of a history noted of one thing it did or heard; `at` is in microseconds on the machine's clock. */
export type Note = { at: number } & (
  | { is: 'asked'; command: string; key: string | null; email: string }
  /** What the caller of a command was told: a place in a stream, and a hash over what changed. */
  | ({ is: 'answered'; command: string; key: string | null; email: string } & Answer)
  | { is: 'declined'; command: string; error: string; message: string; isExpected: boolean }
  | ({ is: 'sent' } & Sent)
  | { is: 'stored'; append: string; position: number; version: number }
  /** Nothing of it is stored, says the log. */
  | { is: 'refused'; append: string; error: string; message: string; isExpected: boolean }
  | { is: 'unknown'; append: string }
  /** A family was read after `since`, and found at this version. */
  | { is: 'looked'; stream: string; version: number; since: number }
  /** A reader found these positions, in this order, after what it had seen before. */
  | { is: 'saw'; reader: string; events: [position: number, hash: string][] }
  /** Something that must not happen to a reader. */
  | { is: 'met'; reader: string; error: string; message: string }
);

/** One append, before it was sent. `command` is what its caller asked for, and may lead to several appends. */
export interface Sent {
  append: string;
  command: string;
  stream: string;
  expectedVersion: number;
  events: SentEvent[];
}

export interface Answer {
  stream: string;
  version: number;
  position: number;
  changes: string;
  replayed: boolean;
}

export type NoteThat<Is extends Note['is']> = Extract<Note, { is: Is }>;

/** The notes of all processes of a history, by process: each wrote one file, in its own order. */
export async function readNotes(folder: string): Promise<Map<string, Note[]>> {
  const notes = new Map<string, Note[]>();
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.notes')).sort()) {
    const lines = (await readFile(join(folder, file), 'utf8')).split('\n');
    // What a process had not written to its end when it was killed, it had not begun to act on either.
    lines.pop();
    notes.set(
      file.slice(0, -'.notes'.length),
      lines.map((line) => JSON.parse(line) as Note),
    );
  }
  return notes;
}
