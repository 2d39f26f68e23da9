import type { RecordedEvent } from '../../event-log/event.js';
import { Undecodable, type Decoded, type EventDecoder } from '../../projections/event-decoder.js';
import type { FamilyKeys } from '../../privacy/family-keys.js';
import { isFamilyEventType } from '../domain/events.js';
import { UnknownEventShape } from '../domain/errors.js';
import { familyOf, toFamilyEvent } from '../family-stream.js';
import { FamilyKeyMissing } from '../load-family.js';

/** Opens families' events for projections: keys found in bulk, sealed parts opened, old shapes lifted. */
export class FamilyEventDecoder implements EventDecoder {
  constructor(private readonly keys: FamilyKeys) {}

  knows(type: string): boolean {
    return isFamilyEventType(type);
  }

  async decode(events: readonly RecordedEvent[]): Promise<Decoded[]> {
    const families = events.flatMap(({ stream }) => familyOf(stream) ?? []);
    const keys = await this.keys.findMany(families);
    return events.map((recorded) => decodeOne(recorded, keys));
  }
}

function decodeOne(recorded: RecordedEvent, keys: ReadonlyMap<string, Buffer>): Decoded {
  const { position, stream, version, at, meta } = recorded;
  try {
    const family = familyOf(stream) ?? '';
    const key = keys.get(family);
    if (key === undefined) throw new FamilyKeyMissing(family);
    const { type, data, personal } = toFamilyEvent(recorded, key);
    return {
      position,
      stream,
      version,
      type,
      at,
      actor: meta.actor,
      data: { ...data },
      personal: { ...personal },
    };
  } catch (error) {
    const reason = error instanceof Error ? error : new Error(String(error));
    return new Undecodable(recorded, reason, reason instanceof UnknownEventShape);
  }
}
