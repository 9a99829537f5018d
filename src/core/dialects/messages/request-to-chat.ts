import type { ChatMessage, ChatRequest } from '../chat-request.ts';
import { wrongAt } from '../reading.ts';
import type { Uncarried } from '../uncarried.ts';
import { messagesOfBlocks } from './blocks-to-messages.ts';
import type { MessagesBody } from './messages-body.ts';

/** Members that are translated, or that are about nothing in chat. */
const OWN = new Set([
  'system',
  'stop_sequences',
  'tools',
  'tool_choice',
  'thinking',
  'output_config',
  'metadata',
  // Which of Anthropic's own capacities is used.
  'service_tier',
  'cache_control',
  'anthropic_version',
]);

/** Members that chat has no place for. */
const REFUSED: Readonly<Record<string, string>> = {
  container: 'a container that is kept by a provider',
  mcp_servers: 'servers of tools that a provider calls',
  context_management: 'a management of the context',
  inference_geo: 'a place of inference',
  speed: 'a speed of inference',
  user_profile_id: 'a profile that is kept by a provider',
  workspace_id: 'a workspace of a provider',
  diagnostics: 'diagnostics of a provider',
  fallbacks: "fallbacks of a provider; 'models' has those of this gateway",
};

/** Budgets of thinking, in tokens, up to which an effort is low or medium. */
const LOW_BUDGET = 4_096;
const MEDIUM_BUDGET = 16_384;

/**
 * An Anthropic-shaped request as a chat request. Fields that this API does not have pass through as they are, as in
 * chat. A budget of thinking becomes an effort: low up to 4,096 tokens, medium up to 16,384, else high.
 *
 * @throws GatewayError 400 for what is malformed
 */
export function messagesToChat(body: MessagesBody): {
  readonly chat: ChatRequest;
  readonly uncarried: readonly Uncarried[];
} {
  const uncarried: Uncarried[] = [];
  for (const [param, what] of Object.entries(REFUSED)) {
    if (body[param] != null) uncarried.push({ param, what });
  }
  const messages = messagesOfBlocks(body.messages, uncarried);
  const tools = toolsOf(body, uncarried);
  const hasTools = tools.length > 0;
  if (!hasTools && uncarried.length === 0 && needsTools(body)) {
    throw wrongAt('tool_choice', 'needs tools to choose from');
  }
  const passed: Record<string, unknown> = {};
  for (const name of Object.keys(body)) if (!OWN.has(name)) passed[name] = body[name];
  const choice = hasTools ? body.tool_choice : undefined;
  const isOneByOne = choice != null && choice.type !== 'none' && choice.disable_parallel_tool_use === true;
  const chat: ChatRequest = {
    ...passed,
    model: body.model,
    messages: [...systemOf(body.system), ...messages],
    stop: body.stop_sequences?.length ? body.stop_sequences : undefined,
    tools: hasTools ? tools : undefined,
    tool_choice: choiceOf(choice),
    parallel_tool_calls: isOneByOne ? false : undefined,
    reasoning_effort: effortOf(body),
    response_format: formatOf(body),
    user: body.metadata?.user_id ?? undefined,
    stream_options: body.stream === true ? { include_usage: true } : undefined,
  };
  return { chat, uncarried };
}

function systemOf(system: MessagesBody['system']): ChatMessage[] {
  const text = typeof system === 'string' ? system : (system ?? []).map((block) => block.text).join('\n\n');
  return text === '' ? [] : [{ role: 'system', content: text }];
}

/** Tools with a type of their own run at a provider, or are known to its models alone. */
function toolsOf({ tools, tool_choice: choice }: MessagesBody, uncarried: Uncarried[]): object[] {
  const names = new Set<string>();
  const functions: object[] = [];
  for (const [index, tool] of (tools ?? []).entries()) {
    const path = `tools[${index}]`;
    if (tool.type != null && tool.type !== 'custom') {
      uncarried.push({ param: `${path}.type`, what: `a tool of type '${String(tool.type).slice(0, 64)}'` });
      continue;
    }
    const { name, description, input_schema: parameters, strict } = tool;
    if (typeof name !== 'string' || name === '' || name.length > 256) {
      throw wrongAt(`${path}.name`, 'must be a string of 1 to 256 characters');
    }
    names.add(name);
    const called = {
      name,
      description: description ?? undefined,
      parameters: parameters ?? undefined,
      strict: strict ?? undefined,
    };
    functions.push({ type: 'function', function: called });
  }
  if (choice?.type === 'tool' && uncarried.length === 0 && !names.has(choice.name)) {
    throw wrongAt('tool_choice.name', 'there is no tool of that name');
  }
  return functions;
}

function needsTools({ tool_choice: choice }: MessagesBody): boolean {
  return choice?.type === 'any';
}

function choiceOf(choice: MessagesBody['tool_choice']): unknown {
  if (choice == null) return undefined;
  if (choice.type === 'tool') return { type: 'function', function: { name: choice.name } };
  return choice.type === 'any' ? 'required' : choice.type;
}

function effortOf({ thinking, output_config: config }: MessagesBody): string | undefined {
  if (config?.effort != null) return config.effort;
  if (thinking?.type !== 'enabled') return undefined;
  const budget = thinking.budget_tokens ?? 0;
  return budget <= LOW_BUDGET ? 'low' : budget <= MEDIUM_BUDGET ? 'medium' : 'high';
}

function formatOf({ output_config: config }: MessagesBody): object | undefined {
  const format = config?.format;
  if (format == null) return undefined;
  return { type: 'json_schema', json_schema: { name: 'answer', schema: format.schema, strict: true } };
}
