/** A text for a test's title: whatever is not ASCII by its number. */
export function printable(text: string): string {
  return text.replace(/[^\x20-\x7E]/gu, (character) => `{${character.codePointAt(0)?.toString(16)}}`);
}
