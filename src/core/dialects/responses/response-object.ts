import { countOf, type JsonObject, objectOf } from '../../wire/json-value.ts';
import type { ResponsesBody, TextFormat } from './responses-body.ts';

export type ResponseStatus = 'in_progress' | 'completed' | 'incomplete' | 'failed';

/** What is known of a response beside its output. */
export interface ResponseFacts {
  readonly id: string;
  readonly createdAtSeconds: number;
  readonly model: string;
  readonly request: ResponsesBody;
  /** Whether it can be asked for later. */
  readonly isStored: boolean;
}

/** How a response stands at one moment. */
export interface ResponseState {
  readonly status: ResponseStatus;
  readonly output: readonly object[];
  readonly incompleteReason?: 'max_output_tokens' | 'content_filter' | undefined;
  readonly error?: { readonly code: string; readonly message: string };
  /** The chat answer's own, with the cost. */
  readonly usage?: JsonObject | undefined;
  readonly completedAtSeconds?: number;
  readonly serviceTier?: unknown;
  readonly metadata?: unknown;
}

/** A `Response` of OpenAI's document: what was asked, and how it stands. */
export function responseObject(facts: ResponseFacts, state: ResponseState): object {
  const { request } = facts;
  const { status, incompleteReason } = state;
  return {
    id: facts.id,
    object: 'response',
    created_at: facts.createdAtSeconds,
    status,
    background: false,
    ...(state.completedAtSeconds === undefined ? {} : { completed_at: state.completedAtSeconds }),
    error: state.error ?? null,
    incomplete_details: incompleteReason === undefined ? null : { reason: incompleteReason },
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    ...(request.max_tool_calls == null ? {} : { max_tool_calls: request.max_tool_calls }),
    model: facts.model,
    output: state.output,
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    previous_response_id: request.previous_response_id ?? null,
    reasoning: {
      effort: request.reasoning?.effort ?? null,
      summary: request.reasoning?.summary ?? null,
    },
    ...(typeof state.serviceTier === 'string' ? { service_tier: state.serviceTier } : {}),
    store: facts.isStored,
    temperature: request.temperature ?? 1,
    text: {
      format: formatOf(request.text?.format),
      ...(request.text?.verbosity == null ? {} : { verbosity: request.text.verbosity }),
    },
    tool_choice: request.tool_choice ?? 'auto',
    tools: (request.tools ?? []).map(toolOf),
    top_logprobs: request.top_logprobs ?? 0,
    top_p: request.top_p ?? 1,
    truncation: 'disabled',
    ...(state.usage === undefined ? {} : { usage: usageOf(state.usage) }),
    ...(request.user == null ? {} : { user: request.user }),
    metadata: request.metadata ?? {},
    ...(state.metadata === undefined ? {} : { router_metadata: state.metadata }),
  };
}

/** A chat answer's usage in the shape of responses, with the price beside it in USD. */
function usageOf(usage: JsonObject): object {
  const prompt = objectOf(usage.prompt_tokens_details);
  const completion = objectOf(usage.completion_tokens_details);
  const inputTokens = countOf(usage.prompt_tokens);
  const outputTokens = countOf(usage.completion_tokens);
  return {
    input_tokens: inputTokens,
    input_tokens_details: {
      cached_tokens: countOf(prompt.cached_tokens),
      cache_write_tokens: countOf(prompt.cache_write_tokens),
    },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: countOf(completion.reasoning_tokens) },
    total_tokens: inputTokens + outputTokens,
    cost: usage.cost,
    cost_usd: usage.cost_usd,
  };
}

function formatOf(format: TextFormat | null | undefined): object {
  if (format == null) return { type: 'text' };
  if (format.type !== 'json_schema') return { type: format.type };
  const { type, name, description, schema, strict } = format;
  return { type, name, description: description ?? undefined, schema, strict: strict ?? false };
}

/** A function with the members that the document asks for in an answer. */
function toolOf(tool: JsonObject): object {
  return tool.type === 'function'
    ? { ...tool, strict: tool.strict ?? null, parameters: tool.parameters ?? null }
    : tool;
}
