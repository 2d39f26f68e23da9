const WHITE_SPACE = /^\p{White_Space}$/u;

/**
 * The text without outer white space, as Unicode defines it (property White_Space; UAX #44). Unlike
 * `String.prototype.trim` it takes U+0085 for white space, and U+FEFF for the invisible character that it is.
 */
export function trimWhiteSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && WHITE_SPACE.test(text.charAt(start))) start += 1;
  while (end > start && WHITE_SPACE.test(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

/** The same, with every run of white space inside become one space. */
export function foldWhiteSpace(text: string): string {
  return trimWhiteSpace(text).replace(/\p{White_Space}+/gu, ' ');
}
