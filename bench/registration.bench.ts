import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { benchEnvironment } from './bench-environment.js';
import { PasswordHashing } from '../src/families/password-hashing.js';

const CALLERS = 32;
const ROUNDS = 5;
const PER_ROUND = 600;
const WARM_UP = 600;
const STARTS = 5;
/** Idle for this long before memory is read: start-up garbage is gone by then. */
const SETTLE_MS = 5_000;
const MEMORY_SAMPLES = 5;
const SAMPLE_EVERY_MS = 1_000;

/** What one run of this benchmark measured: rates per second of each round, sizes in MB, times in ms. */
export interface RegistrationFigures {
  hashesPerSecond: number[];
  registrationsPerSecond: number[];
  startToReadyMs: number[];
  idleRssMb: number[];
}

/**
 * Registration over HTTP against the password hash alone, alternating, on the same cores: the client, the
 * service and its database share them, as the hash alone has them to itself.
 * @param service the built entry point, `dist/main.js`
 */
export async function measureRegistration(service: string): Promise<RegistrationFigures> {
  const dataDir = await mkdtemp(join(tmpdir(), `family-accounts-bench-${process.pid}-`));
  const cores = availableParallelism();
  const passwords = new PasswordHashing({ concurrency: cores, maxWaiting: 512 });
  const figures: RegistrationFigures = {
    hashesPerSecond: [],
    registrationsPerSecond: [],
    startToReadyMs: [],
    idleRssMb: [],
  };
  try {
    // The folder of a start is one with families in it; registering them warms the hash up, too.
    const first = await startService(service, dataDir);
    await rate(registrar(first.url), WARM_UP);
    await first.stop();
    for (let start = 0; start < STARTS; start += 1) {
      const began = performance.now();
      const again = await startService(service, dataDir);
      figures.startToReadyMs.push(performance.now() - began);
      await again.stop();
    }
    const running = await startService(service, dataDir);
    try {
      await sleep(SETTLE_MS);
      for (let sample = 0; sample < MEMORY_SAMPLES; sample += 1) {
        figures.idleRssMb.push(residentMegabytes(running.pid));
        await sleep(SAMPLE_EVERY_MS);
      }
      const register = registrar(running.url);
      await rate(register, PER_ROUND);
      for (let round = 0; round < ROUNDS; round += 1) {
        figures.hashesPerSecond.push(await rate(() => passwords.hash('correct horse battery'), PER_ROUND));
        figures.registrationsPerSecond.push(await rate(register, PER_ROUND));
      }
    } finally {
      await running.stop();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
  return figures;
}

/** Calls per second with 32 callers. */
async function rate(call: () => Promise<unknown>, calls: number): Promise<number> {
  let left = calls;
  const began = performance.now();
  const caller = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await call();
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return (calls * 1_000) / (performance.now() - began);
}

function registrar(url: string): () => Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: CALLERS });
  const run = Math.random().toString(36).slice(2);
  let number = 0;
  return async () => {
    number += 1;
    const body = JSON.stringify({
      email: `family-${run}-${number}@example.com`,
      password: 'correct horse battery',
      familyName: 'García',
    });
    const sent = request(`${url}/v1/families`, {
      method: 'POST',
      agent,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    }).end(body);
    const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage];
    response.resume();
    await once(response, 'end');
    if (response.statusCode !== 201) throw new Error(`A registration was answered ${response.statusCode}`);
  };
}

interface Running {
  url: string;
  pid: number;
  stop(): Promise<void>;
}

async function startService(service: string, dataDir: string): Promise<Running> {
  const child: ChildProcess = spawn(process.execPath, [service], {
    env: benchEnvironment({ PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'warn' }),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let output = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const found = /API\s+(http:\S+)/.exec(output)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', () => reject(new Error(`The service ended at start:\n${output}`)));
  });
  return {
    url,
    pid: child.pid ?? 0,
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Resident memory of a process from /proc, in MB. */
function residentMegabytes(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1_024;
}
