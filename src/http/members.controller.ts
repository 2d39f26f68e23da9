import { Body, Controller, Delete, HttpCode, Param, Patch, Post, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { v7 as uuidv7 } from 'uuid';
import type { CommandOutcome } from '../families/carry-out.js';
import { MemberNotFound } from '../families/domain/errors.js';
import { memberOf } from '../families/domain/state.js';
import type { AccessTokenSubject } from '../sessions/access-tokens.js';
import { answerWith } from './answers.js';
import { BearerGuard, Caller } from './auth/bearer.guard.js';
import { AddMemberDto, ChangeMemberDto } from './dto/members.dto.js';
import { ApiIfMatch, ApiMember, ApiMutation, ApiNoContent, ApiProblems } from './openapi/decorators.js';
import { Facts, type RequestFacts } from './request-facts.js';
import { RequestedChanges } from './requested-changes.js';
import { viewMember, type MemberView } from './views/family-view.js';

@ApiTags('members')
@ApiBearerAuth()
@ApiProblems('not-authenticated', 'family-not-found')
@UseGuards(BearerGuard)
@Controller('v1/family/members')
export class MembersController {
  constructor(private readonly changes: RequestedChanges) {}

  @Post()
  @HttpCode(201)
  @ApiOperation({ summary: 'Add a parent or a child' })
  @ApiMutation()
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
  @ApiIfMatch()
  @ApiMember(200)
  @ApiProblems(
    'invalid-name',
    'invalid-birth-year',
    'family-is-closed',
    'member-not-found',
    'family-not-found',
  )
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
  @ApiIfMatch()
  @ApiProblems('family-is-closed', 'member-not-found', 'family-not-found', 'owner-cannot-be-removed')
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
    const member = memberOf(family.state, id);
    if (member === null) throw new MemberNotFound(id);
    answerWith(reply, family, member.version);
    return { member: viewMember(member) };
  }
}
