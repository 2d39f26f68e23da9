import type { RecordedEvent } from '../../event-log/event.js';
import { Undecodable, type Decoded, type EventDecoder } from '../../projections/event-decoder.js';
import type { FamilyKeys } from '../../privacy/family-keys.js';
import { KeyDoesNotUnwrap } from '../../privacy/wrap-key.js';
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
    const keys = await this.findKeys(events.flatMap(({ stream }) => familyOf(stream) ?? []));
    return events.map((recorded) => decodeOne(recorded, keys));
  }

  /** A key that was altered is the trouble of its own family. */
  private async findKeys(families: readonly string[]): Promise<Map<string, Buffer | KeyDoesNotUnwrap>> {
    const altered = new Map<string, KeyDoesNotUnwrap>();
    for (;;) {
      try {
        const sound = families.filter((family) => !altered.has(family));
        return new Map<string, Buffer | KeyDoesNotUnwrap>([...(await this.keys.findMany(sound)), ...altered]);
      } catch (error) {
        if (!(error instanceof KeyDoesNotUnwrap)) throw error;
        altered.set(error.family, error);
      }
    }
  }
}

function decodeOne(recorded: RecordedEvent, keys: ReadonlyMap<string, Buffer | KeyDoesNotUnwrap>): Decoded {
  const { position, stream, version, at, meta } = recorded;
  try {
    const family = familyOf(stream) ?? '';
    const key = keys.get(family);
    if (key === undefined) throw new FamilyKeyMissing(family);
    if (key instanceof KeyDoesNotUnwrap) throw key;
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
