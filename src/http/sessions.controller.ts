import { Body, Controller, HttpCode, Post, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { AccessTokens } from '../sessions/access-tokens.js';
import { SignIn } from '../sessions/sign-in.js';
import { answerWith } from './answers.js';
import { SignInDto } from './dto/sessions.dto.js';
import { ApiFamilyWithSession } from './openapi/answers.js';
import { ApiProblems, ApiProblemsOfCalls, BODY, READING } from './openapi/problems.js';
import { StoresNothing } from './server/answer-in-time.js';
import { viewFamily } from './views/family-view.js';
import type { FamilyWithSession } from './views/session-view.js';

@ApiTags('sessions')
@ApiProblemsOfCalls()
@Controller('v1/sessions')
export class SessionsController {
  constructor(
    private readonly signIn: SignIn,
    private readonly tokens: AccessTokens,
  ) {}

  @Post()
  @HttpCode(201)
  @StoresNothing()
  @ApiOperation({ summary: 'Sign in with email address and password' })
  @ApiFamilyWithSession()
  @ApiProblems(...BODY, ...READING)
  @ApiProblems('invalid-credentials', 'claims-missing', 'password-hashing-busy')
  async create(
    @Body() { email, password }: SignInDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<FamilyWithSession> {
    const { family, member } = await this.signIn.signIn(email, password);
    answerWith(reply, family);
    const session = await this.tokens.issue({ family: family.id, member }, new Date());
    return { family: viewFamily(family), session };
  }
}
