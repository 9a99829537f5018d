import type { AnswerFacts } from '../outcome/answer-facts.ts';
import type { AnswerExpectation } from './answer-expectation.ts';
import { MAX_EXAMINED_CHARACTERS, parseJson, readMember } from './check-json.ts';
import { fitOfSchema } from './json-schema.ts';

/** OpenAI takes at most 128 tools; more than this are not searched. */
const MAX_SEARCHED_TOOLS = 1_024;
const MAX_CHECKED_CALLS = 32;

/**
 * Whether the tool calls of an answer are ones the client can execute: each names an offered tool, its arguments
 * are a JSON object and fit the tool's parameters. Also whether a call that `tool_choice` demands is there.
 * Undefined when no call was made or demanded, or when there is too much to judge.
 */
export function areToolCallsAsAsked(expectation: AnswerExpectation, facts: AnswerFacts): boolean | undefined {
  const { toolCalls } = facts;
  const choice = readChoice(expectation.toolChoice);
  if (toolCalls.length === 0) return choice === 'required' ? false : undefined;
  if (choice === 'none') return false;
  const characters = toolCalls.reduce((sum, call) => sum + call.arguments.length, 0);
  const isTooMuch = characters > MAX_EXAMINED_CHARACTERS || expectation.tools.length > MAX_SEARCHED_TOOLS;
  if (isTooMuch) return undefined;
  return toolCalls.slice(0, MAX_CHECKED_CALLS).every((call) => canExecute(expectation.tools, call));
}

function canExecute(tools: readonly unknown[], call: AnswerFacts['toolCalls'][number]): boolean {
  const offered = tools.find((tool) => nameOf(tool) === call.name);
  if (offered === undefined) return false;
  if (readMember(offered, 'type') === 'custom') return true;
  // Many servers send no text at all for a tool without parameters.
  const parsed = parseJson(call.arguments.trim() === '' ? '{}' : call.arguments);
  if (parsed === undefined) return false;
  const isObject = typeof parsed.value === 'object' && parsed.value !== null && !Array.isArray(parsed.value);
  const parameters = readMember(definitionOf(offered), 'parameters');
  return isObject && (parameters === undefined || fitOfSchema(parameters, parsed.value) !== 'violates');
}

/** `{type: 'function', function: {…}}`, `{type: 'custom', custom: {…}}`, or the older bare function. */
function definitionOf(tool: unknown): unknown {
  return readMember(tool, 'function') ?? readMember(tool, 'custom') ?? tool;
}

function nameOf(tool: unknown): unknown {
  return readMember(definitionOf(tool), 'name');
}

/** An object names the one tool to be called; `allowed_tools` wraps `auto` or `required`. */
function readChoice(toolChoice: unknown): 'none' | 'auto' | 'required' {
  if (toolChoice === 'none' || toolChoice === 'required') return toolChoice;
  if (typeof toolChoice !== 'object' || toolChoice === null) return 'auto';
  if (readMember(toolChoice, 'type') !== 'allowed_tools') return 'required';
  return readMember(readMember(toolChoice, 'allowed_tools'), 'mode') === 'required' ? 'required' : 'auto';
}
