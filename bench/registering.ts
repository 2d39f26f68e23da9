import { randomUUID } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { NO_STREAM } from '../src/event-log/event.js';
import type { AppendRequest } from '../src/event-log/append/append-request.js';
import type { FamilyRegistered } from '../src/families/domain/events.js';
import { familyStream, toNewEvent } from '../src/families/family-stream.js';

/** What a registration says, with a hash of the length argon2id gives. */
export function familyRegistered(family: string): FamilyRegistered {
  const email = `${family}@example.org`;
  return {
    type: 'FamilyRegistered',
    data: { ownerId: uuidv7(), locale: 'es-ES' },
    personal: {
      email,
      emailAsTyped: email,
      familyName: 'García Márquez',
      passwordHash: `$argon2id$v=19$m=19456,t=2,p=1$${'s'.repeat(22)}$${'h'.repeat(43)}`,
    },
  };
}

/** What a caller brings along, made before the clock runs, whatever the way it is stored. */
export interface Registration {
  family: string;
  event: FamilyRegistered;
  meta: AppendRequest['meta'];
}

export function newRegistrations(count: number): Registration[] {
  return Array.from({ length: count }, () => {
    const family = uuidv7();
    return { family, event: familyRegistered(family), meta: envelope() };
  });
}

/** The append of a registration: its event is sealed under `key`, its claim declared. */
export function registrationAppend({ family, event, meta }: Registration, key: Uint8Array): AppendRequest {
  return {
    stream: familyStream(family),
    expectedVersion: NO_STREAM,
    events: [toNewEvent(family, 1, key, event)],
    meta,
    now: new Date(),
  };
}

export function envelope(): AppendRequest['meta'] {
  return {
    actor: `member:${uuidv7()}`,
    commandId: randomUUID(),
    correlationId: randomUUID(),
    causationId: randomUUID(),
  };
}
