/** Lets this process live so many milliseconds from now, by every `Date`. */
export function moveDate(byMs) {
  const { Date: RealDate } = globalThis;
  globalThis.Date = class extends RealDate {
    constructor(...given) {
      super(...(given.length === 0 ? [RealDate.now() + byMs] : given));
    }

    static now() {
      return RealDate.now() + byMs;
    }
  };
}
