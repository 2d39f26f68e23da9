import { setTimeout as sleep } from 'node:timers/promises';
import { forAll, register, signIn, tally, type Outcome } from './registering.js';

/** One registration of a load: what was asked for, and how it was answered the first time. */
export interface Call {
  email: string;
  key: string;
  /** Null where the connection broke; undefined before the call was made. */
  outcome: Outcome | null | undefined;
}

/** Registrations that go on until they are stopped. */
export interface Load {
  readonly calls: readonly Call[];
  /** Resolves when so many have been answered 201. */
  acknowledged(count: number): Promise<void>;
  /** Resolves when so many have been answered otherwise, or not at all. */
  refused(count: number): Promise<void>;
  /** Begins no more calls; resolves with all that were made, when the last is answered. */
  stop(): Promise<readonly Call[]>;
}

/** How long a client goes on trying before it gives up, in milliseconds. */
const RETRIES_FOR_MS = 45_000;

/** Registers one family after another at `url`, `concurrency` at a time, each with a key of its own. */
export function startLoad(
  url: string,
  { name, concurrency = 16 }: { name: string; concurrency?: number },
): Load {
  const calls: Call[] = [];
  const state = { stopping: false, acknowledged: 0, refused: 0 };
  const waiting: { is: () => boolean; resolve: () => void }[] = [];
  const worker = async (): Promise<void> => {
    while (!state.stopping) {
      const id = `${name}-${calls.length}`;
      const call: Call = { email: `${id}@example.org`, key: `key-${id}`, outcome: undefined };
      calls.push(call);
      call.outcome = await register(url, call.email, call.key);
      state[call.outcome?.status === 201 ? 'acknowledged' : 'refused'] += 1;
      for (const { is, resolve } of waiting) if (is()) resolve();
      // Whoever is refused or cut off does not hammer.
      if (call.outcome?.status !== 201) await sleep(50);
    }
  };
  const until = (is: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      waiting.push({ is, resolve });
    });
  const workers = Promise.all(Array.from({ length: concurrency }, worker));
  return {
    calls,
    acknowledged: (count) => until(() => state.acknowledged >= count),
    refused: (count) => until(() => state.refused >= count),
    stop: async () => {
      state.stopping = true;
      await workers;
      return calls;
    },
  };
}

/**
 * What every client may rely on after a crash: whoever was told 201 signs in to that family; everybody's retry
 * with the same key is answered 201, with the family of the first answer where there was one, and with the same
 * family again the next time.
 */
export async function expectKept(url: string, calls: readonly Call[]): Promise<void> {
  const first = calls.map(({ outcome }) => (outcome?.status === 201 ? outcome.family : undefined));
  const retried = await forAll(calls, 16, ({ email, key }) => retry(() => register(url, email, key)));
  expect(tally(retried)).toEqual({ '201': calls.length });
  const families = retried.map((outcome) => outcome?.family);
  expect(families).toEqual(families.map((family, index) => first[index] ?? family));
  expect(new Set(families).size).toBe(calls.length);

  const again = await forAll(calls, 16, ({ email, key }) => register(url, email, key));
  expect(again.map((outcome) => outcome?.family)).toEqual(families);
  const signedIn = await forAll(calls, 16, ({ email }) => retry(() => signIn(url, email)));
  expect(signedIn.map((outcome) => outcome?.family)).toEqual(families);
}

/** Calls again while it is told to (503) or hears nothing, as a client should. */
async function retry(call: () => Promise<Outcome | null>): Promise<Outcome | null> {
  const until = Date.now() + RETRIES_FOR_MS;
  for (;;) {
    const outcome = await call();
    if ((outcome !== null && outcome.status !== 503) || Date.now() > until) return outcome;
    await sleep(100);
  }
}
