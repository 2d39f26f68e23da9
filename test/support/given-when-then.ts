import type { FamilyCommand } from '../../src/families/domain/commands.js';
import { decide } from '../../src/families/domain/decide.js';
import type { DomainError } from '../../src/families/domain/errors.js';
import type { FamilyEvent } from '../../src/families/domain/events.js';
import { evolve, initialState, type FamilyState } from '../../src/families/domain/state.js';

type ErrorClass<E extends DomainError> = abstract new (...args: never[]) => E;

/** When everything in a specification happens. */
export const NOW = new Date('2026-03-01T12:00:00Z');

/** The state after these events. */
export function stateAfter(events: readonly FamilyEvent[], at = NOW): FamilyState {
  return events.reduce<FamilyState>(
    (state, event, index) => deepFreeze(evolve(state, deepFreeze(event), { at, version: index + 1 })),
    deepFreeze(initialState),
  );
}

/** `given([events]).when(command).then([events])`; nothing that is handed to the domain may be changed by it. */
export function given(events: readonly FamilyEvent[]): {
  when(command: FamilyCommand): {
    /** Exactly these events; a field that is undefined is not one that is absent. */
    then(expected: readonly FamilyEvent[]): void;
    thenRefused<E extends DomainError>(error: ErrorClass<E>): E;
  };
} {
  const state = stateAfter(events);
  return {
    when: (command) => {
      const decided = () => decide(deepFreeze(command), state);
      return {
        then: (expected) => {
          expect(decided()).toStrictEqual(expected);
        },
        thenRefused: (error) => refusalOf(decided, error),
      };
    },
  };
}

/** The refusal of this class that an action ends in. */
export function refusalOf<E extends DomainError>(action: () => unknown, expected: ErrorClass<E>): E {
  let outcome: unknown;
  try {
    outcome = action();
  } catch (error) {
    if (error instanceof expected) return error;
    throw error;
  }
  throw new Error(`Expected ${expected.name}, got ${JSON.stringify(outcome)}`);
}

/** Freezes a value and everything in it, and returns it. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
