import { Body, Controller, Get, Headers, HttpCode, Patch, Post, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { CommandOutcome } from '../families/carry-out.js';
import { FamiliesService, type Intent } from '../families/families.service.js';
import { IdempotencyKeys } from '../idempotency/idempotency-keys.js';
import type { AccessTokenSubject } from '../sessions/access-tokens.js';
import { answerWith } from './answers.js';
import { BearerGuard, Caller } from './auth/bearer.guard.js';
import { commandContext, Facts, type RequestFacts } from './command-context.js';
import { ChangeFamilyDto, ChangePasswordDto, ReasonDto } from './dto/families.dto.js';
import { isKnownVersion, requiredVersion } from './entity-tags.js';
import {
  ApiEntityTag,
  ApiFamily,
  ApiIfMatch,
  ApiMutation,
  ApiNoContent,
  ApiProblems,
} from './openapi/decorators.js';
import { viewFamily, type FamilyView } from './views/family-view.js';

@ApiTags('family')
@ApiBearerAuth()
@ApiProblems('not-authenticated', 'family-not-found')
@UseGuards(BearerGuard)
@Controller('v1/family')
export class FamilyController {
  constructor(
    private readonly families: FamiliesService,
    private readonly keys: IdempotencyKeys,
  ) {}

  @Get()
  @ApiOperation({ summary: "The caller's family, from its stream" })
  @ApiEntityTag()
  @ApiFamily()
  async show(
    @Caller() { family: id }: AccessTokenSubject,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ family: FamilyView } | undefined> {
    const family = await this.families.find(id);
    answerWith(reply, family);
    if (isKnownVersion(ifNoneMatch, family.version)) {
      void reply.code(304);
      return undefined;
    }
    return { family: viewFamily(family) };
  }

  @Patch()
  @ApiOperation({ summary: 'Rename the family or change its locale' })
  @ApiMutation()
  @ApiIfMatch()
  @ApiFamily()
  @ApiProblems('invalid-name', 'invalid-locale', 'family-is-closed')
  async change(
    @Caller() caller: AccessTokenSubject,
    @Body() { name, locale }: ChangeFamilyDto,
    @Facts() facts: RequestFacts,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ family: FamilyView }> {
    const { family } = await this.carryOut(caller, facts, [
      ...(name === undefined ? [] : [{ type: 'RenameFamily', familyName: name } as const]),
      ...(locale === undefined ? [] : [{ type: 'ChangeLocale', locale } as const]),
    ]);
    answerWith(reply, family);
    return { family: viewFamily(family) };
  }

  @Post('password')
  @HttpCode(204)
  @ApiOperation({ summary: "Change the caller's own password" })
  @ApiNoContent()
  @ApiMutation()
  @ApiProblems('invalid-password', 'wrong-password', 'family-is-closed', 'password-hashing-busy')
  async changePassword(
    @Caller() caller: AccessTokenSubject,
    @Body() { current, new: next }: ChangePasswordDto,
    @Facts() facts: RequestFacts,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const context = commandContext(this.keys, facts, caller);
    const { family } = await this.families.changePassword(
      caller.family,
      caller.member,
      { current, next },
      context,
    );
    answerWith(reply, family);
  }

  @Post('close')
  @HttpCode(200)
  @ApiOperation({ summary: 'Close the family; its email address stays claimed' })
  @ApiMutation()
  @ApiIfMatch()
  @ApiFamily()
  async close(
    @Caller() caller: AccessTokenSubject,
    @Body() { reason }: ReasonDto,
    @Facts() facts: RequestFacts,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ family: FamilyView }> {
    const because = reason === undefined ? {} : { reason };
    const { family } = await this.carryOut(caller, facts, [{ type: 'CloseFamily', ...because }]);
    answerWith(reply, family);
    return { family: viewFamily(family) };
  }

  @Post('reopen')
  @HttpCode(200)
  @ApiOperation({ summary: 'Reopen a closed family' })
  @ApiMutation()
  @ApiIfMatch()
  @ApiFamily()
  async reopen(
    @Caller() caller: AccessTokenSubject,
    @Body() { reason }: ReasonDto,
    @Facts() facts: RequestFacts,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ family: FamilyView }> {
    const because = reason === undefined ? {} : { reason };
    const { family } = await this.carryOut(caller, facts, [{ type: 'ReopenFamily', ...because }]);
    answerWith(reply, family);
    return { family: viewFamily(family) };
  }

  private carryOut(
    caller: AccessTokenSubject,
    facts: RequestFacts,
    intents: readonly Intent[],
  ): Promise<CommandOutcome> {
    const requires = requiredVersion(facts.ifMatch);
    const context = commandContext(this.keys, facts, caller);
    return this.families.change(
      caller.family,
      requires === undefined ? context : { ...context, requires },
      intents,
    );
  }
}
