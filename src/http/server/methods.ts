import type { FastifyInstance } from 'fastify';

/** Tells a path that exists under other methods from one that does not exist at all. */
export class KnownMethods {
  private readonly routes: { pattern: RegExp; methods: Set<string> }[] = [];

  /** Has to be called before the routes are registered. */
  constructor(server: FastifyInstance) {
    server.addHook('onRoute', ({ url, method }) => {
      const pattern = patternOf(url);
      const known = this.routes.find((route) => route.pattern.source === pattern.source);
      const route = known ?? { pattern, methods: new Set<string>() };
      if (known === undefined) this.routes.push(route);
      for (const one of [method].flat()) route.methods.add(one);
    });
  }

  /** The methods this path takes; empty where nothing is there. */
  of(path: string): string[] {
    const methods = this.routes
      .filter(({ pattern }) => pattern.test(path))
      .flatMap((route) => [...route.methods]);
    return [...new Set(methods)].sort();
  }
}

function patternOf(url: string): RegExp {
  const escaped = url.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replace(/:[A-Za-z]+/g, '[^/]+').replace(/\*/g, '.*')}/?$`);
}
