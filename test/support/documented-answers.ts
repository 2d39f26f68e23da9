type AnyJson = ReturnType<typeof JSON.parse>;

/** The answers that a service gave, as far as its API's document can tell of them. */
export class GivenAnswers {
  private readonly answers = new Set<string>();

  note(method: string, path: string, { status, body }: { status: number; body: AnyJson }): void {
    // HEAD answers as GET does, and has no body that would tell which problem it is.
    const problem = status >= 400 && method !== 'HEAD' ? String(body?.type) : '';
    this.answers.add(`${method === 'HEAD' ? 'GET' : method} ${path.split('?', 1)[0]} ${status} ${problem}`);
  }

  /** Those that `/openapi.json` does not list for their call. What is no call of the API is left out. */
  undocumented(document: AnyJson): string[] {
    const calls = Object.entries<AnyJson>(document.paths).flatMap(([template, operations]) =>
      Object.entries<AnyJson>(operations).map(([method, { responses }]) => ({
        is: new RegExp(`^${method.toUpperCase()} ${template.replace(/\{\w+\}/g, '[^/ ]+')} `),
        responses,
      })),
    );
    return [...this.answers].filter((answer) => {
      const [, , status, problem] = answer.split(' ');
      const call = calls.find(({ is }) => is.test(answer));
      if (call === undefined) return false;
      const listed = call.responses[status!];
      return listed === undefined || (problem !== '' && !listed.description.includes(`\`${problem}\``));
    });
  }
}
