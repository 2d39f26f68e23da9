import { tellHistory } from '../../../src/families/read-models/family-history.js';
import type { ProjectedEvent } from '../../../src/projections/projection.js';

function event(version: number, type: string, data: object, personal: object): ProjectedEvent {
  return {
    position: 10 + version,
    stream: 'family-f',
    version,
    type,
    at: new Date(version * 1_000),
    actor: 'member:m',
    data: { ...data },
    personal: { ...personal },
  };
}

describe('the history of a family', () => {
  it('tells every event, however many there are', () => {
    const renamed = Array.from({ length: 500 }, (_, index) =>
      event(2 + index, 'FamilyRenamed', {}, { familyName: `Name ${index}` }),
    );
    const registered = event(1, 'FamilyRegistered', { ownerId: 'm' }, { familyName: 'The First' });
    const { entries, names } = tellHistory([registered, ...renamed]);
    expect(entries.map(({ version }) => version)).toEqual(
      Array.from({ length: 501 }, (_, index) => 1 + index),
    );
    expect(entries[0]?.text).toBe('The family "The First" was registered');
    expect(entries.at(-1)).toMatchObject({ text: 'The family is now called "Name 499"', by: 'm' });
    expect(names).toEqual({ m: 'The owner' });
  });

  it('is empty where nothing happened', () => {
    expect(tellHistory([])).toEqual({ entries: [], names: {} });
  });
});
