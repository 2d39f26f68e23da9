/** How a call was answered, as far as these tests look. */
export interface Outcome {
  status: number;
  /** The last part of the problem's type: `claims-missing`; empty for a success. */
  problem: string;
  /** The family of the answer; empty where there is none. */
  family: string;
  /** Seconds after which to try again, as it was told; null where it was not. */
  retryAfter: number | null;
  ms: number;
}

/** Problems of a database that is away: nothing else may come of that. */
const AWAY = ['log-unavailable', 'outcome-unknown', 'database-unavailable'];
/** Every answer comes within 10 s; what the client itself needs on a busy machine comes on top. */
const ANSWERED_WITHIN_MS = 12_000;

const PASSWORD = 'correct horse battery staple';
/** The service promises an answer within 10 s; longer than that is a hang. */
const HANGS_AFTER_MS = 30_000;

/** Registers a family; null where the connection broke before an answer came. */
export function register(url: string, email: string, key?: string): Promise<Outcome | null> {
  const body = { email, password: PASSWORD, familyName: 'The Faulty' };
  return post(`${url}/v1/families`, body, key === undefined ? {} : { 'idempotency-key': key });
}

/** Signs in with the password that `register` gave; null where the connection broke. */
export function signIn(url: string, email: string): Promise<Outcome | null> {
  return post(`${url}/v1/sessions`, { email, password: PASSWORD });
}

/** Does `work` for all items, `concurrency` at a time, and returns the results in their order. */
export async function forAll<T, R>(
  items: readonly T[],
  concurrency: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results = new Map<number, R>();
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      results.set(index, await work(items[index]!));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return items.map((_, index) => results.get(index)!);
}

/** How often each status and problem occurs: `{ '201': 1, '409 email-already-claimed': 3 }`. */
export function tally(outcomes: readonly (Outcome | null)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) {
    const name = outcome === null ? 'no answer' : `${outcome.status} ${outcome.problem}`.trim();
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** Answers that are neither a success nor "not now, but in so many seconds", and those that came late. */
export function outOfPlace(answers: readonly (Outcome | null)[]): Record<string, number> {
  const isAway = ({ status, problem, retryAfter }: Outcome): boolean =>
    status === 503 && AWAY.includes(problem) && retryAfter !== null;
  return tally(
    answers.filter(
      (answer) =>
        answer === null ||
        answer.ms > ANSWERED_WITHIN_MS ||
        (![200, 201].includes(answer.status) && !isAway(answer)),
    ),
  );
}

async function post(
  url: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<Outcome | null> {
  const began = Date.now();
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(HANGS_AFTER_MS),
    });
    const again = answer.headers.get('retry-after');
    const { type, family } = (await answer.json()) as { type?: string; family?: { id: string } };
    return {
      status: answer.status,
      problem: type?.split('/').at(-1) ?? '',
      family: family?.id ?? '',
      retryAfter: again === null ? null : Number(again),
      ms: Date.now() - began,
    };
  } catch (error) {
    if (error instanceof Error && error.name === 'TimeoutError') throw error;
    return null;
  }
}
