import type { RecordedEvent } from '../../event-log/event.js';
import { Undecodable, type Decoded, type EventDecoder } from '../../projections/event-decoder.js';
import type { ProjectedEvent } from '../../projections/projection.js';
import type { FamilyKeys } from '../../privacy/family-keys.js';
import { KeyDoesNotUnwrap } from '../../privacy/wrap-key.js';
import {
  currentSchema,
  familyShapes,
  isFamilyEventType,
  isKnownShape,
  type EventShapes,
  type FamilyEvent,
} from '../domain/events.js';
import { UnknownEventShape } from '../domain/errors.js';
import { familyOf, toFamilyEvent } from '../family-stream.js';
import { FamilyKeyMissing } from '../load-family.js';

/** So many at once are no families at work, whose keys are worth remembering. */
const MANY_FAMILIES = 200;

/** Opens families' events for projections: keys found in bulk, sealed parts opened, old shapes lifted. */
export class FamilyEventDecoder implements EventDecoder {
  constructor(
    private readonly keys: FamilyKeys,
    private readonly shapes = familyShapes,
  ) {}

  knows(type: string): boolean {
    return isFamilyEventType(type);
  }

  async decode(events: readonly RecordedEvent[]): Promise<Decoded[]> {
    const keys = await this.findKeys(familiesOf(events));
    return events.map((recorded) => decodeOne(recorded, keys, this.shapes));
  }

  /** A key that was altered is the trouble of its own family. */
  private async findKeys(families: readonly string[]): Promise<Map<string, Buffer | KeyDoesNotUnwrap>> {
    if (families.length >= MANY_FAMILIES) return this.keys.readMany(families);
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

/** Their families in the order in which they come; one whose events come together is named once. */
function familiesOf(events: readonly RecordedEvent[]): string[] {
  return events.flatMap(({ stream }, index) =>
    stream === events[index - 1]?.stream ? [] : (familyOf(stream) ?? []),
  );
}

function decodeOne(
  recorded: RecordedEvent,
  keys: ReadonlyMap<string, Buffer | KeyDoesNotUnwrap>,
  shapes: EventShapes,
): Decoded {
  const family = familyOf(recorded.stream) ?? '';
  const key = keys.get(family);
  const { type, schema } = recorded;
  if (!isKnownShape(type, schema, shapes)) {
    return new Undecodable(recorded, new UnknownEventShape(type, schema), true);
  }
  return new OpenedEvent(recorded, key ?? new FamilyKeyMissing(family), shapes);
}

/** A family's event that is opened when a handler looks into it: many never do, and opening is what costs. */
class OpenedEvent implements ProjectedEvent {
  readonly position: number;
  readonly stream: string;
  readonly version: number;
  readonly type: string;
  private event: FamilyEvent | null = null;

  constructor(
    private readonly recorded: RecordedEvent,
    /** Or why there is none: that is the trouble of handlers that look into what is sealed. */
    private readonly key: Buffer | Error,
    private readonly shapes: EventShapes,
  ) {
    this.position = recorded.position;
    this.stream = recorded.stream;
    this.version = recorded.version;
    this.type = recorded.type;
  }

  get at(): Date {
    return this.recorded.at;
  }

  get actor(): string {
    return this.recorded.meta.actor;
  }

  /** @throws SealBroken, FamilyKeyMissing, KeyDoesNotUnwrap for an old shape */
  get data(): ProjectedEvent['data'] {
    return this.isOfToday ? this.recorded.data : { ...this.open().data };
  }

  /** @throws SealBroken, FamilyKeyMissing, KeyDoesNotUnwrap */
  get personal(): ProjectedEvent['personal'] {
    return { ...this.open().personal };
  }

  /** An old shape may have moved a field from one part to the other. */
  private get isOfToday(): boolean {
    return this.recorded.schema === currentSchema(this.type, this.shapes);
  }

  private open(): FamilyEvent {
    if (this.key instanceof Error) throw this.key;
    return (this.event ??= toFamilyEvent(this.recorded, this.key, this.shapes));
  }
}
