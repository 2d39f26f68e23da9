import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { EventLog } from '../event-log/event-log.js';
import { ProjectionsService } from '../projections/projections.service.js';
import { claimsMissingAlarm, projectionAlarm, type Alarm } from './views/alarms.js';
import { HttpProblem } from './problems/problem.js';
import { ApiOk } from './openapi/answers.js';
import { ApiProblems, ApiProblemsOfCalls } from './openapi/problems.js';

/** Longest a readiness check waits for the database, in milliseconds. */
const READY_WITHIN_MS = 3_000;

interface Readiness {
  status: 'ready' | 'degraded';
  alarms: readonly Alarm[];
}

@ApiTags('health')
@ApiProblemsOfCalls()
@Controller('health')
export class HealthController {
  constructor(
    private readonly log: EventLog,
    private readonly projections: ProjectionsService,
  ) {}

  @Get('live')
  @ApiOperation({ summary: 'The process answers' })
  @ApiOk('Alive')
  live(): { status: 'live' } {
    return { status: 'live' };
  }

  /** Degraded is still ready: everything that can be answered is. Not ready is a 503. */
  @Get('ready')
  @ApiOperation({ summary: 'The service can do its work' })
  @ApiOk('Ready, or degraded: then `alarms` says what a person has to do')
  @ApiProblems('database-unavailable', 'log-damaged')
  async ready(): Promise<Readiness> {
    const alarms = await within(READY_WITHIN_MS, this.alarms());
    return { status: alarms.length === 0 ? 'ready' : 'degraded', alarms };
  }

  private async alarms(): Promise<Alarm[]> {
    const [claimsMissing, ofProjections] = await Promise.all([
      this.claimsAreMissing(),
      this.projections.alarms(),
    ]);
    return [...(claimsMissing ? [claimsMissingAlarm] : []), ...ofProjections.map(projectionAlarm)];
  }

  private async claimsAreMissing(): Promise<boolean> {
    await this.log.head();
    // No address is empty, so the answer tells nothing but whether the claims can be trusted.
    return (await this.log.findClaim('')) === 'unknown';
  }
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new HttpProblem('database-unavailable')), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
