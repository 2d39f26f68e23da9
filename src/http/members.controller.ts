import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  Patch,
  Post,
  Query,
  Res,
  UseGuards,
} from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { v7 as uuidv7 } from 'uuid';
import type { CommandOutcome } from '../families/carry-out.js';
import { MemberNotFound } from '../families/domain/errors.js';
import { memberOf, type Member } from '../families/domain/state.js';
import type { LoadedFamily } from '../families/load-family.js';
import type { AccessTokenSubject } from '../sessions/access-tokens.js';
import { answerRead, answerWith } from './answers.js';
import { BearerGuard, Caller } from './auth/bearer.guard.js';
import { AddMemberDto, ChangeMemberDto } from './dto/members.dto.js';
import { AtLeastDto } from './dto/reads.dto.js';
import { FamilyReads } from './family-reads.js';
import { ApiMember, ApiMembers, ApiNoContent } from './openapi/answers.js';
import { ApiProblems, ApiProblemsOfCalls, SIGNED_IN } from './openapi/problems.js';
import { ApiIfMatch, ApiMutation, ApiStreamRead } from './openapi/requests.js';
import { Facts, type RequestFacts } from './request-facts.js';
import { RequestedChanges } from './requested-changes.js';
import { viewFamily, viewMember, type MemberView } from './views/family-view.js';

/** An id that is none of the family's; `not-found` where it is longer than any. */
const NOT_FOUND = ['member-not-found', 'not-found'] as const;

@ApiTags('members')
@ApiBearerAuth()
@ApiProblemsOfCalls(...SIGNED_IN)
@UseGuards(BearerGuard)
@Controller('v1/family/members')
export class MembersController {
  constructor(
    private readonly reads: FamilyReads,
    private readonly changes: RequestedChanges,
  ) {}

  @Get()
  @ApiOperation({ summary: "The members of the caller's family, in the order of joining" })
  @ApiStreamRead()
  @ApiMembers()
  async list(
    @Caller() { family: id }: AccessTokenSubject,
    @Query() { atLeast }: AtLeastDto,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ members: MemberView[] } | undefined> {
    const family = await this.reads.family(id, atLeast);
    return answerRead(reply, ifNoneMatch, family, { members: viewFamily(family).members });
  }

  @Get(':id')
  @ApiOperation({ summary: 'One member' })
  @ApiStreamRead()
  @ApiMember(200)
  @ApiProblems(...NOT_FOUND)
  async show(
    @Caller() { family: id }: AccessTokenSubject,
    @Param('id') memberId: string,
    @Query() { atLeast }: AtLeastDto,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ member: MemberView } | undefined> {
    const family = await this.reads.family(id, atLeast);
    const member = requireMember(family, memberId);
    return answerRead(reply, ifNoneMatch, family, { member: viewMember(member) }, member.version);
  }

  @Post()
  @HttpCode(201)
  @ApiOperation({ summary: 'Add a parent or a child' })
  @ApiMutation()
  @ApiIfMatch('family')
  @ApiMember(201)
  @ApiProblems('invalid-name', 'invalid-birth-year', 'family-is-closed', 'member-limit-reached')
  async add(
    @Caller() caller: AccessTokenSubject,
    @Body() { role, nickname, birthYear }: AddMemberDto,
    @Facts() facts: RequestFacts,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ member: MemberView }> {
    const born = birthYear === undefined ? {} : { birthYear };
    const memberId = uuidv7();
    const outcome = await this.changes.change(caller, facts, [
      { type: 'AddMember', memberId, role, nickname, ...born },
    ]);
    // On a retry the member is the one that the first call added.
    const added = outcome.changes.find((event) => event.type === 'MemberAdded');
    const id = added?.data.memberId ?? memberId;
    void reply.header('location', `/v1/family/members/${id}`);
    return this.answer(reply, outcome, id);
  }

  @Patch(':id')
  @ApiOperation({ summary: 'Rename a member or change the birth year' })
  @ApiMutation()
  @ApiIfMatch('member')
  @ApiMember(200)
  @ApiProblems(...NOT_FOUND, 'invalid-name', 'invalid-birth-year', 'family-is-closed')
  async change(
    @Caller() caller: AccessTokenSubject,
    @Param('id') memberId: string,
    @Body() { nickname, birthYear }: ChangeMemberDto,
    @Facts() facts: RequestFacts,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ member: MemberView }> {
    const outcome = await this.changes.changeMember(caller, facts, memberId, [
      ...(nickname === undefined ? [] : [{ type: 'RenameMember', memberId, nickname } as const]),
      ...(birthYear === undefined ? [] : [{ type: 'ChangeMemberBirthYear', memberId, birthYear } as const]),
    ]);
    return this.answer(reply, outcome, memberId);
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Remove a member; the owner stays' })
  @ApiNoContent()
  @ApiMutation()
  @ApiIfMatch('member')
  @ApiProblems(...NOT_FOUND, 'family-is-closed', 'owner-cannot-be-removed')
  async remove(
    @Caller() caller: AccessTokenSubject,
    @Param('id') memberId: string,
    @Facts() facts: RequestFacts,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const { family } = await this.changes.changeMember(caller, facts, memberId, [
      { type: 'RemoveMember', memberId },
    ]);
    answerWith(reply, family);
  }

  private answer(reply: FastifyReply, { family }: CommandOutcome, id: string): { member: MemberView } {
    const member = requireMember(family, id);
    answerWith(reply, family, member.version);
    return { member: viewMember(member) };
  }
}

function requireMember({ state }: LoadedFamily, id: string): Member {
  const member = memberOf(state, id);
  if (member === null) throw new MemberNotFound(id);
  return member;
}
