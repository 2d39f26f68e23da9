import { Controller, Get, Headers, Query, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { RecentHistory } from '../families/read-models/recent-history.js';
import type { AccessTokenSubject } from '../sessions/access-tokens.js';
import { answerRead } from './answers.js';
import { BearerGuard, Caller } from './auth/bearer.guard.js';
import { ReadHistoryDto } from './dto/reads.dto.js';
import { ApiHistory } from './openapi/answers.js';
import { ApiProblemsOfCalls, SIGNED_IN } from './openapi/problems.js';
import { ApiReadModelRead } from './openapi/requests.js';
import { viewHistory, type HistoryView } from './views/history-view.js';

const DEFAULT_LIMIT = 50;

@ApiTags('family')
@ApiBearerAuth()
@ApiProblemsOfCalls(...SIGNED_IN)
@UseGuards(BearerGuard)
@Controller('v1/family/history')
export class HistoryController {
  constructor(private readonly history: RecentHistory) {}

  @Get()
  @ApiOperation({ summary: "What happened in the caller's family, in words, newest first" })
  @ApiReadModelRead()
  @ApiHistory()
  async show(
    @Caller() { family }: AccessTokenSubject,
    @Query() { limit = DEFAULT_LIMIT, before, atLeast }: ReadHistoryDto,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<HistoryView | undefined> {
    const page = await this.history.find(family, { limit, before, atLeast });
    const { position } = page;
    // It changes with every event that is folded into it, so the place it has reached is its version.
    return answerRead(reply, ifNoneMatch, { position, version: position }, viewHistory(page));
  }
}
