import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EnvironmentSchema } from '../daemon/environment.ts';
import { settings } from '../daemon/read-settings.ts';

const head = `# Settings of CallFabric, for systemd's EnvironmentFile= and for docker compose: NAME=value, no quotes, no export.
# Commented settings show their default, or an example where they have none. An unknown CALLFABRIC_… is refused.
# Secrets have no value of use here: the daemon refuses to start with the ones shown. Make one with: openssl rand -hex 24
# Check it with: callfabric doctor
`;

/** What ops/compose.yaml asks for, and the daemon does not. */
const tail = `
## docker compose alone (ops/compose.yaml)

# Password that the database is made with: the one that DATABASE_URL has.
#POSTGRES_PASSWORD=
`;

/** `ops/callfabric.env.example`: every setting with its description, range, unit and default. */
export function exampleEnvironment(): string {
  const required = new Set<string>(EnvironmentSchema.required);
  let group = '';
  let text = head;
  for (const [name, schema] of settings) {
    if (schema.group !== group) text += `\n## ${schema.group}\n`;
    group = schema.group;
    const preset = typeof schema.default === 'boolean' ? (schema.default ? 'yes' : 'no') : schema.default;
    const needed = preset === undefined && required.has(name);
    const sentences = [
      schema.description,
      schema.type === 'integer' ? `From ${schema.minimum} to ${schema.maximum}.` : '',
      schema.type === 'boolean' ? 'yes or no.' : '',
      schema.enum === undefined ? '' : `One of ${schema.enum.join(', ')}.`,
      schema.unit === undefined ? '' : `Unit: ${schema.unit}.`,
      preset === undefined ? (needed ? 'Required.' : '') : `Default: ${preset}`,
    ];
    text += `\n${comment(sentences.filter((one) => one !== '').join(' '))}`;
    text += `${needed ? '' : '#'}${name}=${String(preset ?? schema.example ?? '')}\n`;
  }
  return text + tail;
}

function comment(sentence: string): string {
  const lines: string[] = [];
  let line = '#';
  for (const word of sentence.split(' ')) {
    if (line.length + word.length >= 110) {
      lines.push(line);
      line = '#';
    }
    line += ` ${word}`;
  }
  return `${[...lines, line].join('\n')}\n`;
}

export const exampleFile = join(import.meta.dirname, 'callfabric.env.example');
if (import.meta.main) writeFileSync(exampleFile, exampleEnvironment());
