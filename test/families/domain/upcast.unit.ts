import { parseFamilyEvent } from '../../../src/families/domain/events.js';
import { UnknownEventShape } from '../../../src/families/domain/errors.js';
import { upcast, type Upcasters } from '../../../src/families/domain/upcast.js';
import { deepFreeze } from '../../support/given-when-then.js';

/** Three shapes of one event: `title` became `name`, then `name` became `first` and `last`. */
const upcasters: Upcasters = {
  Named: {
    1: ({ data, personal: { title, ...rest } }) => ({ data, personal: { ...rest, name: title } }),
    2: ({ data, personal: { name, ...rest } }) => {
      const [first, last] = String(name).split(' ');
      return { data: { ...data, parts: 2 }, personal: { ...rest, first, last } };
    },
  },
  Gap: { 2: (shape) => shape },
};

const lift = (type: string, stored: number, current: number, personal: Record<string, unknown>) =>
  upcast(upcasters, type, { stored, current }, deepFreeze({ data: {}, personal }));

describe('an old shape of an event', () => {
  it('is lifted step by step to the present one', () => {
    expect(lift('Named', 1, 3, { title: 'Ada Byron', x: 1 })).toEqual({
      data: { parts: 2 },
      personal: { x: 1, first: 'Ada', last: 'Byron' },
    });
    expect(lift('Named', 2, 3, { name: 'Ada Byron' })).toEqual(lift('Named', 1, 3, { title: 'Ada Byron' }));
  });

  it('of the present number stays what it is, and needs no entry', () => {
    expect(lift('Named', 3, 3, { first: 'Ada' })).toEqual({ data: {}, personal: { first: 'Ada' } });
    expect(lift('Other', 1, 1, { a: 1 })).toEqual({ data: {}, personal: { a: 1 } });
  });

  it.each([
    ['a number that this code does not know', 'Named', 4],
    ['no number', 'Named', 0],
    ['a step that is missing', 'Gap', 1],
    ['a type that has no steps', 'Other', 1],
    ['a type named as something every object has', 'toString', 1],
  ])('is refused with %s', (_why, type, stored) => {
    expect(() => lift(type, stored, 3, {})).toThrow(UnknownEventShape);
  });

  it('of a type that this code does not know is refused', () => {
    const parse = () => parseFamilyEvent('FamilyTeleported', 1, { data: {}, personal: {} });
    expect(parse).toThrow(UnknownEventShape);
  });
});
