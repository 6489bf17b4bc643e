import { request } from 'node:http';

/** A server that tests, the demo or the bench may use. */
export interface DevService {
  readonly url: string;
  /** Where it came from. */
  readonly source: 'environment' | 'docker' | 'local';
  /** Ends it if it was started here; twice is harmless. */
  stop(): Promise<void>;
}

/** Whether a Docker engine answers on DOCKER_HOST or the usual socket within half a second. */
export function dockerAnswers(): Promise<boolean> {
  const host = process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock';
  const url = URL.canParse(host) ? new URL(host) : undefined;
  if (url === undefined) return Promise.resolve(false);
  const target =
    url.protocol === 'unix:'
      ? { socketPath: url.pathname }
      : url.protocol === 'tcp:'
        ? { host: url.hostname, port: Number(url.port === '' ? 2375 : url.port) }
        : undefined;
  if (target === undefined) return Promise.resolve(false);
  return new Promise((resolve) => {
    const ping = request({ ...target, path: '/_ping', timeout: 500 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.once('timeout', () => ping.destroy(new Error('no answer')));
    ping.once('error', () => resolve(false));
    ping.end();
  });
}

export interface ContainerRequest {
  readonly image: string;
  readonly port: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly command: readonly string[];
  /** A line of the container's log that says it is ready, and how often it comes. */
  readonly readyLine: RegExp;
  readonly readyTimes: number;
}

/** Runs a container through testcontainers, whose reaper removes it when we are gone. */
export async function startContainer(
  wanted: ContainerRequest,
): Promise<{ readonly host: string; readonly port: number; stop(): Promise<void> }> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const container = await new GenericContainer(wanted.image)
    .withEnvironment({ ...wanted.environment })
    .withExposedPorts(wanted.port)
    .withCommand([...wanted.command])
    .withWaitStrategy(Wait.forLogMessage(wanted.readyLine, wanted.readyTimes))
    .withStartupTimeout(120_000)
    .start();
  let stopping: Promise<unknown> | undefined;
  return {
    host: container.getHost(),
    port: container.getMappedPort(wanted.port),
    stop: async () => {
      stopping ??= container.stop();
      await stopping;
    },
  };
}
