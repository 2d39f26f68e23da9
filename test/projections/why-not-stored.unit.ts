import mongoose from 'mongoose';
import { DocumentsMoved, NotStorable, whyNotStored } from '../../src/projections/runner/not-storable.js';

const { MongoBulkWriteError, MongoInvalidArgumentError, MongoNetworkError, MongoServerError } =
  mongoose.mongo;

type Cause = ConstructorParameters<typeof MongoBulkWriteError>[0];
type Result = ConstructorParameters<typeof MongoBulkWriteError>[1];

/** As the driver's bulkWrite passes it on: of single documents, or of all of the command. */
const ofBulk = (cause: unknown): Error => new MongoBulkWriteError(cause as Cause, {} as Result);
const ofDocument = (code: number, message = 'It holds Nina'): Error =>
  ofBulk({ message, code, writeErrors: [{ code, errmsg: message, index: 0 }] });
const ofCommand = (code: number, ...errorLabels: string[]): Error =>
  ofBulk(new MongoServerError({ code, errmsg: 'no', errorLabels }));

describe('an error that came of storing documents', () => {
  it.each<[string, unknown, RegExp]>([
    ['the server refuses one of them', ofDocument(171), /MongoDB refuses it \(error 171\)/],
    ['they are too much for a transaction', ofCommand(257), /too large for one transaction/],
    [
      'one is larger than may be sent',
      new MongoInvalidArgumentError('larger than the maximum'),
      /larger than/,
    ],
    ['one is larger than can be made', new RangeError('out of range'), /out of range/],
  ])('is theirs where %s', (_what, error, message) => {
    const why = whyNotStored('families@a', error);
    expect(why).toBeInstanceOf(NotStorable);
    expect(why).not.toBeInstanceOf(DocumentsMoved);
    expect((why as Error).message).toMatch(message);
    expect((why as Error).message).not.toContain('Nina');
  });

  it.each<[string, unknown]>([
    ['a right is missing', ofCommand(13)],
    ['the server goes down', ofCommand(91)],
    ['somebody else writes the same', ofCommand(112, 'TransientTransactionError')],
    ['the connection breaks', new MongoNetworkError('gone')],
    ['a socket is gone', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })],
  ])('is not theirs where %s', (_what, error) => {
    expect(whyNotStored('families@a', error)).toBe(error);
  });

  it('says that they moved where there is an equal one by now, and names the index and not the value', () => {
    const duplicate = (index: string) =>
      whyNotStored('families@a', ofDocument(11_000, `E11000 … index: ${index} dup key: { name: "Nina" }`));
    expect(duplicate('_id_')).toEqual(new DocumentsMoved('families@a'));
    expect(duplicate('name_1')).toEqual(new DocumentsMoved('families@a', 'name_1'));
    expect((duplicate('name_1') as Error).message).toBe(
      'What it makes cannot be stored in families@a: there is an equal one in the unique index name_1',
    );
  });
});
