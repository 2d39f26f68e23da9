import { open } from 'node:fs/promises';
import { fileSize } from './data-folder.js';

const TAIL_BYTES = 64 * 1024;
const LINES = 3;
/** Steps of a MongoDB log line's severity that tell why it did not start, worst first. */
const SEVERITIES = ['F', 'E', 'W'] as const;

/**
 * The lines of mongod.log, written after byte `from`, that best say what went wrong: fatal ones, else errors,
 * else warnings, else the last ones; at most three, shortened to their message.
 */
export async function tellingLines(path: string, from: number): Promise<readonly string[]> {
  const lines = (await readTail(path, from)).split('\n').filter((line) => line.trim() !== '');
  const parsed = lines.map(parseLine);
  // What is not JSON was printed before MongoDB's log began: the loader, an option it does not know.
  const plain = parsed.filter(({ severity }) => severity === undefined);
  for (const severity of SEVERITIES) {
    const found = parsed.filter((line) => line.severity === severity && !isRoutine(line.text));
    if (found.length > 0) return found.slice(-LINES).map(({ text }) => text);
    if (severity === 'E' && plain.length > 0) return plain.slice(-LINES).map(({ text }) => text);
  }
  return parsed.slice(-LINES).map(({ text }) => text);
}

async function readTail(path: string, from: number): Promise<string> {
  const size = await fileSize(path);
  const start = Math.max(from, size - TAIL_BYTES, 0);
  if (start >= size) return '';
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(size - start), position: start });
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

function parseLine(line: string): { severity: string | undefined; text: string } {
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry === 'object' && entry !== null && 's' in entry && 'msg' in entry) {
      const attributes = 'attr' in entry ? ` ${JSON.stringify(entry.attr)}` : '';
      return { severity: String(entry.s), text: `${String(entry.msg)}${attributes}`.slice(0, 400) };
    }
  } catch {
    // Not a line of MongoDB's log; taken as it is.
  }
  return { severity: undefined, text: line.slice(0, 400) };
}

/** Said at every start of a server on a developer's machine, and never the reason for a failure. */
function isRoutine(text: string): boolean {
  return /startup warnings|Access control|XFS filesystem|vm\.|Soft rlimits|running this process as the root user/i.test(
    text,
  );
}
