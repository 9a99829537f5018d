import type { Random } from '../../../src/core/learning/random.ts';
import { draw } from '../prompt-bank.ts';
import { drawFromMix } from './draw-from-mix.ts';
import type { Prompts } from './read-prompts.ts';
import type { Team, Wish } from './scene.ts';

export interface Turn {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** One request as it goes over the wire. */
export interface DrawnRequest {
  readonly path: string;
  readonly contentType: string;
  readonly body: string | Buffer;
  readonly wish: Wish;
  readonly isStream: boolean;
  /** Of a chat: what goes on from it begins with these. */
  readonly messages: readonly Turn[];
  readonly sessionId: string | undefined;
}

const LONG_TEXT_CHARACTERS = { least: 1_500, most: 14_000 };
const JSON_TYPE = 'application/json';
const BOUNDARY = 'outrider-demo-recording';

const INVOICE_FORMAT = {
  type: 'json_schema',
  json_schema: {
    name: 'facts',
    schema: {
      type: 'object',
      properties: {
        subject: { type: 'string' },
        people: { type: 'array', items: { type: 'string' } },
        amount: { type: 'number' },
        is_urgent: { type: 'boolean' },
      },
      required: ['subject', 'people', 'amount', 'is_urgent'],
      additionalProperties: false,
    },
  },
};

const TOOLS = [
  tool('look_up_order', 'Finds an order of a customer by its number', { order_number: { type: 'string' } }),
  tool('book_appointment', 'Books or moves an appointment in the calendar', {
    day: { type: 'string' },
    person: { type: 'string' },
  }),
  tool('send_message', 'Sends a message or a mail to somebody', {
    recipient: { type: 'string' },
    text: { type: 'string' },
  }),
];

function tool(name: string, description: string, properties: Record<string, unknown>) {
  const parameters = { type: 'object', properties, required: Object.keys(properties) };
  return { type: 'function', function: { name, description, parameters } };
}

const SYSTEM_PROMPTS: Readonly<Record<string, string>> = {
  'web-app': 'You are the assistant of a web application for travellers. Answer briefly and kindly.',
  'support-desk': 'You answer the customers of a shop for household goods. Stay with the facts.',
  'developer-tools': 'You help engineers. Answer with code where code is asked for.',
};

/** What a team asks, drawn from its habits. */
export function drawRequest(team: Team, prompts: Prompts, random: Random): DrawnRequest {
  const wish = drawFromMix(team.wishes, random);
  const language = drawFromMix(team.languages, random);
  const text = (of: Wish) => draw(prompts(of, language), random);
  const plain = (path: string, body: object): DrawnRequest => ({
    path,
    contentType: JSON_TYPE,
    body: JSON.stringify(body),
    wish,
    isStream: false,
    messages: [],
    sessionId: undefined,
  });
  switch (wish) {
    case 'embedding': {
      const input = Array.from({ length: 1 + Math.floor(random() * 6) }, () => text('question_answering'));
      return plain('/v1/embeddings', { model: 'auto', input });
    }
    case 'rerank': {
      const documents = Array.from({ length: 4 + Math.floor(random() * 8) }, () => text('summarization'));
      return plain('/v1/rerank', { model: 'auto', query: text('question_answering'), documents, top_n: 3 });
    }
    case 'moderation':
      return plain('/v1/moderations', { model: 'auto', input: text('conversation') });
    case 'image':
      return plain('/v1/images/generations', {
        model: 'auto',
        prompt: text('creative_writing'),
        size: '256x256',
      });
    case 'speech':
      return plain('/v1/audio/speech', { model: 'auto', input: text('conversation'), voice: 'alloy' });
    case 'completion':
      return plain('/v1/completions', {
        model: 'auto',
        prompt: `// ${text('code_generation')}\n`,
        max_tokens: 64,
      });
    case 'transcription':
      return { ...plain('/v1/audio/transcriptions', {}), ...recording(text('conversation')) };
    default: {
      const isOfText = wish === 'summarization' || wish === 'extraction' || wish === 'translation';
      const long = isOfText && random() < team.longShare ? `\n\n${drawLongText(prompts, random)}` : '';
      const system = SYSTEM_PROMPTS[team.key.name];
      const messages: Turn[] = [
        ...(system === undefined ? [] : [{ role: 'system' as const, content: system }]),
        { role: 'user', content: text(wish) + long },
      ];
      const sessionId =
        team.goesOnShare > 0 ? `conversation-${Math.floor(random() * 2 ** 32).toString(36)}` : undefined;
      return chatRequest(team, { wish, messages, sessionId }, random);
    }
  }
}

/** The next turn of a conversation, or the same question again. */
export function goOn(
  team: Team,
  before: DrawnRequest,
  messages: readonly Turn[],
  random: Random,
): DrawnRequest {
  return chatRequest(team, { wish: before.wish, messages, sessionId: before.sessionId }, random);
}

function chatRequest(
  team: Team,
  chat: Pick<DrawnRequest, 'wish' | 'messages' | 'sessionId'>,
  random: Random,
): DrawnRequest {
  const { wish, messages, sessionId } = chat;
  const isStream = wish !== 'extraction' && random() < team.streamShare;
  const body = {
    model: drawFromMix(team.models, random),
    messages,
    // The simulated models take it from here; the router finds out by itself.
    metadata: { task: wish },
    ...(sessionId === undefined ? {} : { session_id: sessionId }),
    ...(isStream ? { stream: true, stream_options: { include_usage: true } } : {}),
    ...(wish === 'extraction' ? { response_format: INVOICE_FORMAT } : {}),
    ...(wish === 'tool_use' ? { tools: TOOLS, tool_choice: random() < 0.5 ? 'required' : 'auto' } : {}),
  };
  return {
    path: '/v1/chat/completions',
    contentType: JSON_TYPE,
    body: JSON.stringify(body),
    wish,
    isStream,
    messages,
    sessionId,
  };
}

/** Sentences behind each other, of about as many lengths as documents have. */
function drawLongText(prompts: Prompts, random: Random): string {
  const { least, most } = LONG_TEXT_CHARACTERS;
  const characters = least * (most / least) ** random();
  const sentences = prompts('summarization', 'en');
  let text = '';
  while (text.length < characters) text += `${draw(sentences, random)} `;
  return text;
}

/** A second or two of silence, as a form. */
function recording(words: string): Pick<DrawnRequest, 'contentType' | 'body'> {
  const samples = Buffer.alloc(16_000 + words.length * 400);
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(36 + samples.length, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8_000, 24);
  head.writeUInt32LE(16_000, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(samples.length, 40);
  const part = (name: string, rest: string) =>
    `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"${rest}\r\n\r\n`;
  return {
    contentType: `multipart/form-data; boundary=${BOUNDARY}`,
    body: Buffer.concat([
      Buffer.from(
        `${part('model', '')}auto\r\n${part('file', '; filename="memo.wav"\r\ncontent-type: audio/wav')}`,
      ),
      head,
      samples,
      Buffer.from(`\r\n--${BOUNDARY}--\r\n`),
    ]),
  };
}
