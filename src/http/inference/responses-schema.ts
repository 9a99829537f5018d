import { z } from 'zod';
import type { ResponsesBody } from '../../core/dialects/responses/responses-body.ts';
import { badRequest } from '../../core/outcome/gateway-error.ts';
import { chatSchema, explain } from './chat-schema.ts';
import { withModelNamed } from './wishes-schema.ts';

/** Fields of chat that this API has under another name, or not at all: passed on, they would be silently lost. */
const CHAT_NAME_TO_OURS: Readonly<Record<string, string>> = {
  messages: "'input'",
  max_tokens: "'max_output_tokens'",
  max_completion_tokens: "'max_output_tokens'",
  response_format: "'text.format'",
  reasoning_effort: "'reasoning.effort'",
  verbosity: "'text.verbosity'",
  functions: "'tools'",
  function_call: "'tool_choice'",
  logprobs: '\'include\': ["message.output_text.logprobs"]',
  n: 'one request for each answer',
  modalities: 'POST /v1/chat/completions',
  audio: 'POST /v1/chat/completions',
};

const itemSchema = z.looseObject({
  type: z.string().max(64).nullish(),
});

const formatSchema = z.discriminatedUnion(
  'type',
  [
    z.looseObject({ type: z.literal('text') }),
    z.looseObject({ type: z.literal('json_object') }),
    z.looseObject({
      type: z.literal('json_schema'),
      name: z.string().min(1).max(64),
      schema: z.looseObject({}),
      description: z.string().nullish(),
      strict: z.boolean().nullish(),
    }),
  ],
  {
    error: "must be an object with a type of 'text', 'json_object' or 'json_schema', and what belongs to it",
  },
);

const {
  model,
  stream,
  temperature,
  top_p,
  messages: _messages,
  stream_options: _streamOptions,
  tools: _tools,
  response_format: _responseFormat,
  functions: _functions,
  max_tokens: _maxTokens,
  max_completion_tokens: _maxCompletionTokens,
  logprobs: _logprobs,
  n: _n,
  ...sameAsInChat
} = chatSchema.shape;

/** What is checked of a Responses request. Items of the input are checked where they are translated. */
export const responsesSchema = z
  .looseObject({
    ...sameAsInChat,
    model: model.meta({
      description: "A model's name, `provider/name`, or a wish such as `auto`.",
      examples: ['auto'],
    }),
    input: z
      .union([z.string(), z.array(itemSchema)], { error: 'must be a string or a list of items' })
      .nullish()
      .meta({ description: 'A text, or messages, function calls and their outputs.', examples: ['Hello!'] }),
    instructions: z
      .string()
      .nullish()
      .meta({ description: 'A system message before the input. Not kept for the next response.' }),
    previous_response_id: z
      .string()
      .min(1)
      .max(256)
      .nullish()
      .meta({ description: 'Goes on from a response that is kept.' }),
    stream: stream.meta({ description: 'Answer with server-sent events.' }),
    stream_options: z.looseObject({ include_obfuscation: z.boolean().nullish() }).nullish(),
    store: z
      .boolean()
      .nullish()
      .meta({ description: 'False: the response is not kept, even where the gateway keeps responses.' }),
    metadata: z.record(z.string().max(64), z.string().max(512)).nullish(),
    tools: z
      .array(z.looseObject({ type: z.string() }))
      .max(1024)
      .nullish(),
    tool_choice: z.unknown().optional(),
    parallel_tool_calls: z.boolean().nullish(),
    text: z
      .looseObject({ format: formatSchema.nullish(), verbosity: z.string().max(32).nullish() })
      .nullish()
      .meta({ description: 'The form of the answer: text, JSON, or JSON by a schema.' }),
    reasoning: z
      .looseObject({ effort: z.string().max(32).nullish(), summary: z.string().max(32).nullish() })
      .nullish(),
    include: z.array(z.string().max(128)).max(32).nullish(),
    max_output_tokens: z
      .int()
      .min(1)
      .nullish()
      .meta({ description: 'Most tokens of the answer, thoughts included.', examples: [1000] }),
    max_tool_calls: z.int().min(1).nullish(),
    temperature,
    top_p,
    top_logprobs: z.int().min(0).max(20).nullish(),
    truncation: z.enum(['auto', 'disabled']).nullish(),
    background: z.boolean().nullish(),
    user: z.string().max(512).nullish(),
  })
  .refine((body) => body.stream_options == null || body.stream === true, {
    path: ['stream_options'],
    error: "is only allowed together with 'stream': true",
  });

/** @throws GatewayError 400 naming the first thing that is wrong, with its path as `param`. */
export function checkResponsesBody(json: Readonly<Record<string, unknown>>): ResponsesBody {
  for (const name of Object.keys(CHAT_NAME_TO_OURS)) {
    if (json[name] != null) {
      const message = `'${name}' belongs to chat completions. Here it is ${CHAT_NAME_TO_OURS[name]}.`;
      throw badRequest(message, name, 'unsupported_parameter');
    }
  }
  const result = responsesSchema.safeParse(withModelNamed(json));
  if (result.success) return result.data as ResponsesBody;
  throw explain(result.error);
}
