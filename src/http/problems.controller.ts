import { Controller, Get, Param } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiOk } from './openapi/answers.js';
import { ApiProblems, ApiProblemsOfCalls } from './openapi/problems.js';
import { isProblemCode } from './problems/problem-of-error.js';
import { HttpProblem } from './problems/problem.js';
import { problemKinds, type ProblemKind } from './problems/problem-kinds.js';

/** Makes every problem's `type` an address that answers with what it means. */
@ApiTags('problems')
@ApiProblemsOfCalls()
@Controller('problems')
export class ProblemsController {
  @Get()
  @ApiOperation({ summary: 'Every problem this API answers with' })
  @ApiOk('All kinds of problems')
  list(): { problems: ({ type: string } & ProblemKind)[] } {
    return {
      problems: Object.entries(problemKinds).map(([code, kind]) => ({ type: `/problems/${code}`, ...kind })),
    };
  }

  @Get(':code')
  @ApiOperation({ summary: 'What one problem means' })
  @ApiOk('The kind of problem')
  @ApiProblems('not-found')
  show(@Param('code') code: string): { type: string } & ProblemKind {
    if (!isProblemCode(code)) throw new HttpProblem('not-found');
    return { type: `/problems/${code}`, ...problemKinds[code] };
  }
}
