import { z } from 'zod';
import type { MessagesBody } from '../../core/dialects/messages/messages-body.ts';
import { chatSchema, explain } from './chat-schema.ts';
import { withModelNamed } from './wishes-schema.ts';

const turnSchema = z.looseObject({
  role: z.enum(['user', 'assistant', 'system']),
  content: z.union([z.string(), z.array(z.looseObject({ type: z.string().max(64) }))], {
    error: 'must be a string or a list of blocks with a type',
  }),
});

const isOneByOne = z.boolean().nullish();
const toolChoiceSchema = z.discriminatedUnion(
  'type',
  [
    z.looseObject({ type: z.literal('auto'), disable_parallel_tool_use: isOneByOne }),
    z.looseObject({ type: z.literal('any'), disable_parallel_tool_use: isOneByOne }),
    z.looseObject({
      type: z.literal('tool'),
      name: z.string().min(1).max(256),
      disable_parallel_tool_use: isOneByOne,
    }),
    z.looseObject({ type: z.literal('none') }),
  ],
  { error: "must be an object with a type of 'auto', 'any', 'tool' or 'none'" },
);

const {
  model,
  stream,
  top_p,
  messages: _messages,
  stream_options: _streamOptions,
  temperature: _temperature,
  tools: _tools,
  response_format: _responseFormat,
  functions: _functions,
  max_tokens: _maxTokens,
  max_completion_tokens: _maxCompletionTokens,
  stop: _stop,
  n: _n,
  logprobs: _logprobs,
  top_logprobs: _topLogprobs,
  ...sameAsInChat
} = chatSchema.shape;

/** Chat's own names: passed on, they would stand beside what is translated, or change what the answer is read by. */
const none = z.never({ error: 'belongs to chat completions, and is none of this API' }).optional();

const shape = {
  ...sameAsInChat,
  model: model.meta({
    description: "A model's name, `provider/name`, or a wish such as `auto`.",
    examples: ['auto'],
  }),
  messages: z.array(turnSchema).min(1),
  system: z
    .union([z.string(), z.array(z.looseObject({ type: z.literal('text'), text: z.string() }))], {
      error: 'must be a string or a list of blocks of text',
    })
    .nullish(),
  tools: z
    .array(z.looseObject({ name: z.string(), input_schema: z.looseObject({}).optional() }))
    .max(1024)
    .nullish(),
  tool_choice: toolChoiceSchema.nullish(),
  thinking: z
    .looseObject({
      type: z.enum(['enabled', 'adaptive', 'between_tools', 'disabled']),
      budget_tokens: z.int().min(1).nullish(),
    })
    .nullish()
    .meta({
      description: 'A budget becomes an effort: low up to 4,096 tokens, medium up to 16,384, else high.',
    }),
  output_config: z
    .looseObject({
      effort: z.string().max(32).nullish(),
      format: z.looseObject({ type: z.literal('json_schema'), schema: z.looseObject({}) }).nullish(),
    })
    .nullish(),
  n: none,
  functions: none,
  function_call: none,
  response_format: none,
  stream_options: none,
  max_completion_tokens: none,
  logprobs: none,
  top_logprobs: none,
  stop: none,
};

/** What is checked of an Anthropic-shaped request. Blocks are checked where they are translated. */
export const messagesSchema = z.looseObject({
  ...shape,
  max_tokens: z
    .int()
    .min(1)
    .meta({ description: 'Most tokens of the answer.', examples: [1024] }),
  stream: stream.meta({ description: 'Answer with server-sent events.' }),
  stop_sequences: z.array(z.string()).max(64).nullish(),
  temperature: z.number().min(0).max(1).nullish(),
  top_p,
  top_k: z.int().min(0).nullish(),
  metadata: z.looseObject({ user_id: z.string().max(512).nullish() }).nullish(),
});

/** What is counted needs no bound on its answer. */
export const countTokensSchema = z.looseObject(shape);

/** @throws GatewayError 400 naming the first thing that is wrong, with its path as `param`. */
export function checkMessagesBody(json: Readonly<Record<string, unknown>>): MessagesBody {
  const result = messagesSchema.safeParse(withModelNamed(json));
  if (result.success) return result.data as MessagesBody;
  throw explain(result.error);
}

/** @throws GatewayError 400 */
export function checkCountTokensBody(json: Readonly<Record<string, unknown>>): MessagesBody {
  const result = countTokensSchema.safeParse(withModelNamed(json));
  if (result.success) return result.data as MessagesBody;
  throw explain(result.error);
}
