import { createRandom, type Random } from '../../core/learning/random.ts';
import type { Task } from '../../core/task/task.ts';
import { answerAsJudge } from './answer-as-judge.ts';
import { answerText, FAIR } from './answer-text.ts';
import type { ChatRequest } from './chat-request.ts';
import { drawQuality, hashOf } from './draw.ts';
import { guessTask } from './guess-task.ts';
import { opening, topicOf } from './prompt-reading.ts';
import { valueFor } from './schema-value.ts';
import { sourceOf, toolCallFor } from './tool-call.ts';

/** One finished answer, before it is written as JSON or as a stream. */
export interface Answer {
  readonly id: string;
  readonly task: Task;
  /** 0–1, drawn around the model's skill for the task. */
  readonly quality: number;
  readonly choices: readonly Choice[];
  readonly completionTokens: number;
  /** For delays and log probabilities. */
  readonly random: Random;
}

export interface Choice {
  /** Text of the message, or the arguments of the tool call, token by token. */
  readonly tokens: readonly string[];
  readonly toolCall: { readonly id: string; readonly name: string } | undefined;
  readonly finishReason: 'stop' | 'length' | 'tool_calls';
}

/**
 * @param random Used unless the request brings a `seed`: then the same request gives the same answer, word for word.
 * @param skillFactor Of the model's skill for whatever task it is.
 */
export function answerChat(
  request: ChatRequest,
  headerTask: string | undefined,
  random: Random,
  skillFactor = 1,
): Answer {
  const draw =
    request.seed === undefined
      ? random
      : createRandom(hashOf(`${request.seed} ${request.model.id} ${request.prompt}`));
  const task = guessTask(request.prompt, request.tools.length > 0, [headerTask, request.taskHint]);
  const quality = drawQuality((request.model.taskToSkill[task] ?? 0.5) * skillFactor, draw);
  const choices = Array.from({ length: request.choices }, () => answerOnce(request, task, quality, draw));
  return {
    id: `chatcmpl-sim-${identifier(draw)}`,
    task,
    quality: Math.round(quality * 1e4) / 1e4,
    choices,
    completionTokens: choices.reduce((sum, choice) => sum + choice.tokens.length, 0),
    random: draw,
  };
}

function answerOnce(request: ChatRequest, task: Task, quality: number, random: Random): Choice {
  const call = toolCallFor(request, quality, random);
  const text = call?.arguments ?? stopped(messageFor(request, task, quality, random), request.stop);
  const tokens = tokensOf(text);
  const isCut = tokens.length > request.maxTokens;
  return {
    tokens: isCut ? tokens.slice(0, request.maxTokens) : tokens,
    toolCall: call === undefined ? undefined : { id: `call_sim_${identifier(random)}`, name: call.name },
    finishReason: isCut ? 'length' : call === undefined ? 'stop' : 'tool_calls',
  };
}

function messageFor(request: ChatRequest, task: Task, quality: number, random: Random): string {
  const { prompt, format, model, toolResult } = request;
  const verdict = answerAsJudge(request, random);
  if (verdict !== undefined) return verdict;
  if (format === 'text') {
    if (toolResult !== undefined && quality >= FAIR) {
      return `The tool answered: ${opening(toolResult, 400)}\n\n(A simulated answer by ${model.id}.)`;
    }
    return answerText({ task, prompt, quality, modelId: model.id, random });
  }
  const value =
    format === 'json_object'
      ? { answer: answerText({ task, prompt, quality, modelId: model.id, random }), topic: topicOf(prompt) }
      : valueFor(format.schema, sourceOf(prompt, random));
  const json = JSON.stringify(value);
  if (quality >= FAIR) return json;
  // The ways in which weak models miss JSON: they chat around it, or they break off.
  return random() < 0.5 ? `Sure! Here is the JSON you asked for:\n${json}` : json.slice(0, -2);
}

function stopped(text: string, stops: readonly string[]): string {
  const ends = stops.map((stop) => text.indexOf(stop)).filter((end) => end !== -1);
  return ends.length === 0 ? text : text.slice(0, Math.min(...ends));
}

/** Pieces of up to six characters, each with the space before it: about the size of real tokens. */
export function tokensOf(text: string): string[] {
  return text.match(/\s*[^\s]{1,6}|\s+/gu) ?? [];
}

function identifier(random: Random): string {
  const part = (): string =>
    Math.floor(random() * 0xffffffff)
      .toString(16)
      .padStart(8, '0');
  return part() + part() + part();
}
