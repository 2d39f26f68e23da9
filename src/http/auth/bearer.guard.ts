import { createParamDecorator, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AccessTokens, type AccessTokenSubject } from '../../sessions/access-tokens.js';
import { HttpProblem } from '../problems/problem.js';

const subjects = new WeakMap<object, AccessTokenSubject>();

/** Lets in who brings a valid access token: `Authorization: Bearer <token>` (RFC 6750). */
@Injectable()
export class BearerGuard implements CanActivate {
  constructor(private readonly tokens: AccessTokens) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const token = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined) {
      throw new HttpProblem('not-authenticated', 'Send the access token as `Authorization: Bearer <token>`');
    }
    subjects.set(request, await this.tokens.verify(token));
    return true;
  }
}

/** The family and the member a guarded request speaks for. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): AccessTokenSubject => {
  const subject = subjects.get(context.switchToHttp().getRequest<FastifyRequest>());
  if (subject === undefined) throw new HttpProblem('not-authenticated', 'This call needs an access token');
  return subject;
});
