/** RFC 9457 problem details, as every error of this API is answered. */
export interface Problem {
  /** A relative URI, stable for good, that answers with what it means: `/problems/<code>`. */
  type: string;
  title: string;
  status: number;
  detail?: string;
  /** The request, as it is found in the service's log. */
  instance?: string;
  /** What was wrong where in the request. Values are never repeated. */
  errors?: readonly { field: string; message: string }[];
}

/** A kind of problem: its code names it for good, the rest explains it. */
export interface ProblemKind {
  status: number;
  title: string;
  /** Whether the error's own sentence is for the client; otherwise the title is all it is told. */
  tellsDetail?: boolean;
  /** Seconds after which another try makes sense. */
  retryAfter?: number;
}

/** Thrown where HTTP itself refuses: wrong media type, precondition, malformed header. */
export class HttpProblem extends Error {
  constructor(
    readonly code: string,
    detail?: string,
    readonly errors?: Problem['errors'],
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail ?? code);
    this.name = 'HttpProblem';
  }
}
