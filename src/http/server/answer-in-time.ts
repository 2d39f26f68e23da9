import { SetMetadata, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { throwError, timeout, type Observable } from 'rxjs';
import { HttpProblem } from '../problems/problem.js';

/** What reading, and waiting for one's turn, may take beside the append itself, in milliseconds. */
const BESIDE_THE_APPEND_MS = 1_500;
const STORES_NOTHING = Symbol('stores nothing');

/** Marks a call that changes nothing although it is no GET. */
export const StoresNothing = (): MethodDecorator => SetMetadata(STORES_NOTHING, true);

/**
 * One deadline for a whole request. Each step has one of its own, and several of them in a row, each just in time, would
 * let a client wait for twice as long. A change that is still under way is not broken off: whether it was
 * stored, its Idempotency-Key tells.
 */
export class AnswerInTime implements NestInterceptor {
  /** @param appendDeadlineMs how long the append alone may take */
  constructor(private readonly appendDeadlineMs: number) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { method } = context.switchToHttp().getRequest<FastifyRequest>();
    const mayStore = method !== 'GET' && method !== 'HEAD' && !storesNothing(context);
    const late = new HttpProblem(mayStore ? 'outcome-unknown' : 'database-unavailable');
    const first = this.appendDeadlineMs + BESIDE_THE_APPEND_MS;
    return next.handle().pipe(timeout({ first, with: () => throwError(() => late) }));
  }
}

function storesNothing(context: ExecutionContext): boolean {
  return Reflect.getMetadata(STORES_NOTHING, context.getHandler()) === true;
}
