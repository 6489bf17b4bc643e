import type { FastifyInstance } from 'fastify';

export interface RegisteredRoute {
  readonly method: string;
  /** With `:params`. */
  readonly url: string;
}

/** Every route of an app that is not ready yet, once it is; HEAD, which Fastify adds to each GET, left out. */
export async function registeredRoutes(app: FastifyInstance): Promise<RegisteredRoute[]> {
  const found: RegisteredRoute[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) if (one !== 'HEAD') found.push({ method: one, url });
  });
  await app.ready();
  return found;
}

/** The address with something in place of each `:param`. `valueFor` is told its name and what stands before it. */
export function filled(url: string, valueFor: (name: string, before: string) => string): string {
  return url.replace(/:([A-Za-z]+)/g, (_, name: string, at: number) =>
    encodeURIComponent(valueFor(name, url.slice(0, at))),
  );
}
