import { z } from 'zod';
import { badRequest } from '../../core/outcome/gateway-error.ts';
import type { ChatBody } from '../../gateway/request/job.ts';
import { issueWords } from '../issue-words.ts';
import { knownOptionsAt, wishesShape, withModelNamed } from './wishes-schema.ts';

const share = z.number().min(0).max(1);

const messageSchema = z.looseObject({
  role: z.string().min(1).max(64),
  content: z
    .union([z.string(), z.array(z.looseObject({ type: z.string().max(64) }))], {
      error: 'must be a string, a list of parts with a type, or null',
    })
    .nullish(),
  tool_calls: z.array(z.looseObject({})).nullish(),
});

/** What is checked of a chat request. Whatever else it holds passes through untouched. */
export const chatSchema = z
  .looseObject({
    model: z.string().min(1).max(256),
    messages: z.array(messageSchema).min(1),
    stream: z.boolean().nullish(),
    stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
    temperature: z.number().min(0).max(2).nullish(),
    top_p: share.nullish(),
    n: z.int().min(1).max(128).nullish(),
    max_tokens: z.int().min(1).nullish(),
    max_completion_tokens: z.int().min(1).nullish(),
    frequency_penalty: z.number().min(-2).max(2).nullish(),
    presence_penalty: z.number().min(-2).max(2).nullish(),
    logprobs: z.boolean().nullish(),
    top_logprobs: z.int().min(0).max(20).nullish(),
    // 64 bits wide in OpenAI's own API: more than a number here holds exactly, but its digits pass on as they came.
    seed: z.number().refine(Number.isInteger, 'must be a whole number').nullish(),
    stop: z
      .union([z.string(), z.array(z.string())], { error: 'must be a string or a list of strings' })
      .nullish(),
    tools: z
      .array(z.looseObject({ type: z.string() }))
      .max(1024)
      .nullish(),
    functions: z.array(z.looseObject({})).nullish(),
    response_format: z.looseObject({ type: z.string() }).nullish(),
    ...wishesShape,
  })
  .refine((body) => body.stream_options == null || body.stream === true, {
    path: ['stream_options'],
    error: "is only allowed together with 'stream': true",
  });

/** @throws GatewayError 400 naming the first thing that is wrong, with its path as `param`. */
export function checkChatBody(json: Readonly<Record<string, unknown>>): ChatBody {
  if (isPlainChat(json)) return json;
  const result = chatSchema.safeParse(withModelNamed(json));
  if (result.success) return result.data;
  throw explain(result.error);
}

/**
 * The first issue as the client's error; the others follow in its text, at most five in all.
 *
 * @param known the members there are, for a strict body that is none of a chat
 * @param knownWithin those of its own objects, by where they are
 */
export function explain(
  error: z.ZodError,
  known?: readonly string[],
  knownWithin: (path: readonly PropertyKey[]) => readonly string[] | undefined = knownOptionsAt,
): Error {
  // What is no list is also an empty one: of a member that is the wrong thing, that is enough.
  const issues = error.issues.filter(
    ({ path }, index, all) => all.findIndex((other) => pathOf(other.path) === pathOf(path)) === index,
  );
  const lines = issues
    .slice(0, 5)
    .map((issue) => `${pathOf(issue.path) || 'body'}: ${wordsOf(issue, known, knownWithin)}`);
  const [first] = issues;
  return badRequest(
    `${lines.join('; ')}.`,
    first ? paramOf(first) : null,
    first?.code === 'unrecognized_keys' ? 'unknown_option' : 'invalid_value',
  );
}

function wordsOf(
  issue: z.core.$ZodIssue,
  knownAtTop: readonly string[] | undefined,
  knownWithin: (path: readonly PropertyKey[]) => readonly string[] | undefined,
): string {
  if (issue.code === 'unrecognized_keys') {
    const known = issue.path.length === 0 ? knownAtTop : knownWithin(issue.path);
    const keys = issue.keys.map((key) => `'${key.slice(0, 64)}'`).join(', ');
    if (known === undefined) return `unknown option ${keys}`;
    return `unknown option ${keys}; ${known.length > 0 ? `known are ${known.join(', ')}` : 'none is known here'}`;
  }
  return issueWords(issue);
}

function paramOf(issue: z.core.$ZodIssue): string | null {
  const path = pathOf(issue.path);
  if (issue.code === 'unrecognized_keys')
    return [path, issue.keys[0]?.slice(0, 64)].filter(Boolean).join('.');
  return path || null;
}

function pathOf(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += text === '' ? String(part) : `.${String(part)}`;
  }
  return text;
}

/** Members that the schema says more about than a look here could. */
const SEEN_BY_SCHEMA = [
  'stream_options',
  'max_tokens',
  'max_completion_tokens',
  'n',
  'frequency_penalty',
  'presence_penalty',
  'logprobs',
  'top_logprobs',
  'seed',
  'stop',
  'tools',
  'functions',
  'response_format',
  'route',
  'models',
  'provider',
  'preset',
] as const;

/**
 * Whether this is what most requests are: plain messages and nothing unusual beside them. Then it fits the schema (a
 * test compares the two), and zod's copy of it, 4 µs and as many kilobytes, is not needed.
 */
export function isPlainChat(json: Readonly<Record<string, unknown>>): json is ChatBody & typeof json {
  const { model, messages, stream, temperature, top_p: topP } = json;
  if (typeof model !== 'string' || model === '' || model.length > 256) return false;
  if (stream !== undefined && typeof stream !== 'boolean') return false;
  if (temperature !== undefined && !(typeof temperature === 'number' && temperature >= 0 && temperature <= 2))
    return false;
  if (topP !== undefined && !(typeof topP === 'number' && topP >= 0 && topP <= 1)) return false;
  if (!Array.isArray(messages) || messages.length === 0) return false;
  for (const message of messages) if (!isPlainMessage(message)) return false;
  for (const name of SEEN_BY_SCHEMA) if (json[name] !== undefined) return false;
  return true;
}

function isPlainMessage(message: unknown): boolean {
  if (typeof message !== 'object' || message === null) return false;
  const { role, content, tool_calls: toolCalls } = message as Record<string, unknown>;
  if (typeof role !== 'string' || role === '' || role.length > 64) return false;
  return typeof content === 'string' && toolCalls === undefined;
}
