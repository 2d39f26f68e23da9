/**
 * The `code` of a system error, such as 'ENOENT'; undefined where there is none. It asks for no class: errors of
 * Node's own modules are not instances of the `Error` that code inside a `vm` context (Jest's tests) sees.
 */
export function errorCode(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined;
}

/** Whether a failed call of the system failed for one of these reasons. */
export function hasErrorCode(error: unknown, ...codes: readonly string[]): boolean {
  const code = errorCode(error);
  return code !== undefined && codes.includes(code);
}

/** What an error says about itself. */
export function errorMessage(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error
    ? String(error.message)
    : String(error);
}
