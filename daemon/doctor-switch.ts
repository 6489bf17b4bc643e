import { connect, type Socket } from 'node:net';
import type { SwitchConfig } from './config.ts';
import type { SwitchFacts } from './doctor-facts.ts';
import { api, apiCommand, askExpansion, authCommand, isExpanded } from './esl/command.ts';
import type { Frame } from './esl/frame.ts';
import { FrameParser } from './esl/frame-parser.ts';

/** Asks one FreeSWITCH about itself over a connection of its own. Rejects with a sentence that says what to do. */
export async function askSwitch(node: SwitchConfig, signal: AbortSignal): Promise<SwitchFacts> {
  const socket = connect({ host: node.host, port: node.port, signal });
  const place = `${node.host}:${node.port}`;
  const frames = framesOf(socket);
  const next = async (what: string): Promise<Frame> => {
    const frame = await frames.next();
    if (frame.done === true) throw new Error(`${place} closed the connection before ${what}`);
    if (frame.value.contentType === 'text/rude-rejection')
      throw new Error(`${place} refuses this machine: add it to apply-inbound-acl in event_socket.conf.xml`);
    return frame.value;
  };
  const ask = async (name: string, argument = ''): Promise<string | undefined> => {
    socket.write(apiCommand(api(name, argument)));
    const text = (await next(`answering ${name}`)).text.trim();
    return text.startsWith('-ERR') || text.startsWith('-USAGE') ? undefined : text;
  };
  try {
    const greeting = await next('its greeting');
    if (greeting.contentType !== 'auth/request') throw new Error(`${place} is no event socket of FreeSWITCH`);
    socket.write(authCommand(node.password));
    if (!(await next('the password')).replyText.startsWith('+OK'))
      throw new Error(
        `${place} refuses the password: set CALLFABRIC_FREESWITCH_PASSWORD to the one in event_socket.conf.xml`,
      );
    const version = await ask('version');
    const expansion = await ask(askExpansion.name, askExpansion.arg);
    const dialplan = await ask('xml_locate', 'dialplan');
    const askedAtMs = Date.now();
    const clock = await ask('strmicroepoch');
    const ourMs = (askedAtMs + Date.now()) / 2;
    return {
      version: version?.replace(/^FreeSWITCH Version /, '').split(/[+~ ]/)[0],
      apiExpansion: expansion === undefined ? undefined : isExpanded(expansion),
      socketActions: dialplan === undefined ? undefined : socketActionsOf(dialplan),
      skewMs: clock === undefined || !/^\d{16}$/.test(clock) ? undefined : Number(clock) / 1000 - ourMs,
    };
  } catch (error) {
    throw explained(error, place, signal);
  } finally {
    socket.destroy();
  }
}

async function* framesOf(socket: Socket): AsyncGenerator<Frame, undefined> {
  const ready: Frame[] = [];
  const parser = new FrameParser((frame) => ready.push(frame));
  for await (const chunk of socket) {
    parser.push(chunk as Buffer);
    yield* ready.splice(0);
  }
  return undefined;
}

/** Arguments of `<action application="socket" …>`, in order. */
function socketActionsOf(dialplan: string): string[] {
  return Array.from(dialplan.matchAll(/<action\b[^>]*\bapplication="socket"[^>]*>/g), ([action]) => {
    const [, argument = ''] = /\bdata="([^"]*)"/.exec(action) ?? [];
    return argument;
  });
}

function explained(error: unknown, place: string, signal: AbortSignal): Error {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (signal.aborted) return new Error(`${place} does not answer: check the network and its firewall`);
  if (code === 'ECONNREFUSED')
    return new Error(`nothing listens at ${place}: start FreeSWITCH, or correct CALLFABRIC_FREESWITCH`);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return new Error(`${place} cannot be found: correct CALLFABRIC_FREESWITCH or the name service`);
  return error instanceof Error ? error : new Error(String(error));
}
