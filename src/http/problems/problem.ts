import type { ProblemCode } from './problem-kinds.js';

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

/** Thrown where HTTP itself refuses: wrong media type, precondition, malformed header. */
export class HttpProblem extends Error {
  constructor(
    readonly code: ProblemCode,
    detail?: string,
    readonly errors?: Problem['errors'],
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail ?? code);
    this.name = 'HttpProblem';
  }
}
