import { Body, Controller, Get, Headers, HttpCode, Patch, Post, Query, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { Intent } from '../families/families.service.js';
import type { AccessTokenSubject } from '../sessions/access-tokens.js';
import { answerRead, answerWith } from './answers.js';
import { BearerGuard, Caller } from './auth/bearer.guard.js';
import { AtLeastDto } from './dto/reads.dto.js';
import { ChangeFamilyDto, ChangePasswordDto, ReasonDto } from './dto/family.dto.js';
import { ApiFamily, ApiNoContent } from './openapi/answers.js';
import { ApiProblems, ApiProblemsOfCalls, SIGNED_IN } from './openapi/problems.js';
import { ApiIfMatch, ApiMutation, ApiStreamRead } from './openapi/requests.js';
import { FamilyReads } from './family-reads.js';
import { Facts, type RequestFacts } from './request-facts.js';
import { RequestedChanges } from './requested-changes.js';
import { viewFamily, type FamilyView } from './views/family-view.js';

@ApiTags('family')
@ApiBearerAuth()
@ApiProblemsOfCalls(...SIGNED_IN)
@UseGuards(BearerGuard)
@Controller('v1/family')
export class FamilyController {
  constructor(
    private readonly reads: FamilyReads,
    private readonly changes: RequestedChanges,
  ) {}

  @Get()
  @ApiOperation({ summary: "The caller's family, from its stream" })
  @ApiStreamRead()
  @ApiFamily()
  async show(
    @Caller() { family: id }: AccessTokenSubject,
    @Query() { atLeast }: AtLeastDto,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ family: FamilyView } | undefined> {
    const family = await this.reads.family(id, atLeast);
    return answerRead(reply, ifNoneMatch, family, { family: viewFamily(family) });
  }

  @Patch()
  @ApiOperation({ summary: 'Rename the family or change its locale' })
  @ApiMutation()
  @ApiIfMatch('family')
  @ApiFamily()
  @ApiProblems('invalid-name', 'invalid-locale', 'family-is-closed')
  change(
    @Caller() caller: AccessTokenSubject,
    @Body() { name, locale }: ChangeFamilyDto,
    @Facts() facts: RequestFacts,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ family: FamilyView }> {
    return this.carryOut(caller, facts, reply, [
      ...(name === undefined ? [] : [{ type: 'RenameFamily', familyName: name } as const]),
      ...(locale === undefined ? [] : [{ type: 'ChangeLocale', locale } as const]),
    ]);
  }

  @Post('password')
  @HttpCode(204)
  @ApiOperation({ summary: "Change the caller's own password" })
  @ApiNoContent()
  @ApiMutation()
  @ApiIfMatch('family')
  @ApiProblems('invalid-password', 'wrong-password', 'family-is-closed', 'password-hashing-busy')
  async changePassword(
    @Caller() caller: AccessTokenSubject,
    @Body() { current, new: next }: ChangePasswordDto,
    @Facts() facts: RequestFacts,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const { family } = await this.changes.changePassword(caller, facts, { current, next });
    answerWith(reply, family);
  }

  @Post('close')
  @HttpCode(200)
  @ApiOperation({ summary: 'Close the family; its email address stays claimed' })
  @ApiMutation()
  @ApiIfMatch('family')
  @ApiFamily()
  @ApiProblems('invalid-name')
  close(
    @Caller() caller: AccessTokenSubject,
    @Body() { reason }: ReasonDto,
    @Facts() facts: RequestFacts,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ family: FamilyView }> {
    return this.carryOut(caller, facts, reply, [{ type: 'CloseFamily', ...because(reason) }]);
  }

  @Post('reopen')
  @HttpCode(200)
  @ApiOperation({ summary: 'Reopen a closed family' })
  @ApiMutation()
  @ApiIfMatch('family')
  @ApiFamily()
  @ApiProblems('invalid-name')
  reopen(
    @Caller() caller: AccessTokenSubject,
    @Body() { reason }: ReasonDto,
    @Facts() facts: RequestFacts,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ family: FamilyView }> {
    return this.carryOut(caller, facts, reply, [{ type: 'ReopenFamily', ...because(reason) }]);
  }

  private async carryOut(
    caller: AccessTokenSubject,
    facts: RequestFacts,
    reply: FastifyReply,
    intents: readonly Intent[],
  ): Promise<{ family: FamilyView }> {
    const { family } = await this.changes.change(caller, facts, intents);
    answerWith(reply, family);
    return { family: viewFamily(family) };
  }
}

function because(reason: string | undefined): { reason?: string } {
  return reason === undefined ? {} : { reason };
}
