import { Body, Controller, HttpCode, Post, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ownerOf } from '../families/domain/state.js';
import { AccessTokens } from '../sessions/access-tokens.js';
import { answerWith } from './answers.js';
import { RegisterFamilyDto } from './dto/families.dto.js';
import { ApiFamilyWithSession } from './openapi/answers.js';
import { ApiProblems, ApiProblemsOfCalls } from './openapi/problems.js';
import { ApiMutation } from './openapi/requests.js';
import { Facts, type RequestFacts } from './request-facts.js';
import { RequestedChanges } from './requested-changes.js';
import { viewFamily } from './views/family-view.js';
import type { FamilyWithSession } from './views/session-view.js';

const DEFAULT_LOCALE = 'en';

@ApiTags('families')
@ApiProblemsOfCalls()
@Controller('v1/families')
export class FamiliesController {
  constructor(
    private readonly changes: RequestedChanges,
    private readonly tokens: AccessTokens,
  ) {}

  @Post()
  @HttpCode(201)
  @ApiOperation({ summary: 'Register a family with its owner' })
  @ApiMutation()
  @ApiFamilyWithSession()
  @ApiProblems('invalid-email-address', 'invalid-password', 'invalid-name', 'invalid-locale')
  @ApiProblems('invalid-credentials', 'email-already-claimed', 'claims-missing', 'password-hashing-busy')
  async register(
    @Body() { email, password, familyName, locale = DEFAULT_LOCALE }: RegisterFamilyDto,
    @Facts() facts: RequestFacts,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<FamilyWithSession> {
    const registration = { email, password, familyName, locale };
    const { family } = await this.changes.register(facts, registration);
    answerWith(reply, family);
    void reply.header('location', '/v1/family');
    const member = ownerOf(family.state);
    const session = await this.tokens.issue({ family: family.id, member }, new Date());
    return { family: viewFamily(family), session };
  }
}
