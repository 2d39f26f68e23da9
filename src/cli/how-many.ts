/** A number with what it counts, in words that fit one as well: `1 document`, `2 documents`. */
export function howMany(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
