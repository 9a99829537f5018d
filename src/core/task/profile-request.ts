import type { Capability } from '../catalog/model.ts';
import { complexityOf } from './complexity.ts';
import { languageOf } from './language.ts';
import { type RequestReading, readRequest } from './request-reading.ts';
import { type ChatProfile, type ChatRequestView, CLASSIFIED_TASKS, type Task } from './task.ts';
import { parseTask } from './task-alias.ts';
import { addTextScores, CLASS_COUNT, toProbabilities } from './task-classifier.ts';
import { newTextFeatures, scanText } from './text-features.ts';

/** Below this the guess is no use to learning: the request goes to the pooled cell. */
export const UNKNOWN_BELOW = 0.25;

/** A request this short is read together with the turn before it: "and now in French". */
const FOLLOW_UP_CHARACTERS = 60;
const PREVIOUS_WEIGHT = 0.5;
/** A system prompt often names the task ("You translate…") while the user's turn is only its material. */
const SYSTEM_WEIGHT = 0.5;
/** Log-odds that a demand for JSON adds to extraction: data out of text is what it is mostly for. */
const JSON_LOG_ODDS = 1.5;
const TOOLS_OFFERED_CONFIDENCE = 0.9;
const TOOL_TURN_CONFIDENCE = 0.97;

const EXTRACTION = CLASSIFIED_TASKS.indexOf('extraction');
const QUESTION_ANSWERING = CLASSIFIED_TASKS.indexOf('question_answering');

/** By a bit for each of tools, JSON, vision and audio: a set made for each request would be the most garbage of all. */
const NEEDS: readonly ReadonlySet<Capability>[] = Array.from({ length: 16 }, (_, bits) => {
  const capabilities: readonly Capability[] = ['tools', 'json', 'vision', 'audio'];
  return new Set(capabilities.filter((_capability, index) => bits & (1 << index)));
});

// Synchronous, never handed out.
const scores = new Float64Array(CLASS_COUNT);
const requestScan = newTextFeatures();
const otherScan = newTextFeatures();

/**
 * Everything about a request that choosing depends on. Never throws on a body whose `messages` is an array.
 *
 * A known `hint` (a task or an alias, from `x-router-task`) wins with confidence 1. Then structure: a tool turn or
 * tools on offer mean `tool_use`. Then the text classifier over the last user message, helped by the system prompt.
 * Under `UNKNOWN_BELOW` the task is `unknown`, and `confidence` that of the best guess.
 */
export function profileRequest(body: ChatRequestView, hint?: string): ChatProfile {
  const reading = readRequest(body);
  const wantsJson = isJsonFormat(body.response_format?.type);
  scanText(reading.request || reading.system, requestScan);
  const { task, confidence } = taskOf(body, reading, wantsJson, hint);
  return {
    task,
    confidence,
    complexity: complexityOf(task, reading, requestScan),
    language: languageOf(requestScan),
    needs: needsOf(reading, wantsJson),
    turns: reading.userTurns,
    inputTokens: reading.inputTokens,
    maxOutputTokens: positive(body.max_completion_tokens) ?? positive(body.max_tokens),
    choices: positive(body.n) ?? 1,
  };
}

/** The task of a text on its own, such as the `task` of a recommendation query. */
export function classifyText(text: string): { readonly task: Task; readonly confidence: number } {
  scores.fill(0);
  if (read(text, 1) === 0) return { task: 'unknown', confidence: 0 };
  return mostProbable();
}

function taskOf(
  body: ChatRequestView,
  reading: RequestReading,
  wantsJson: boolean,
  hint: string | undefined,
): { task: Task; confidence: number } {
  const said = hint === undefined ? undefined : parseTask(hint);
  if (said) return { task: said, confidence: 1 };
  if (reading.toolsOffered > 0 && body.tool_choice !== 'none') {
    return {
      task: 'tool_use',
      confidence: reading.hasToolTurn ? TOOL_TURN_CONFIDENCE : TOOLS_OFFERED_CONFIDENCE,
    };
  }
  if (reading.hasToolTurn) return { task: 'tool_use', confidence: TOOLS_OFFERED_CONFIDENCE };
  scores.fill(0);
  let seen = reading.request === '' ? 0 : addTextScores(requestScan, 1, scores);
  if (reading.request.length < FOLLOW_UP_CHARACTERS) seen += read(reading.previous, PREVIOUS_WEIGHT);
  seen += read(reading.system, SYSTEM_WEIGHT);
  if (seen === 0 && !reading.hasImage) return { task: 'unknown', confidence: 0 };
  // A picture without a word is a question about it.
  if (reading.hasImage) add(QUESTION_ANSWERING, seen === 0 ? 3 : 0.5);
  if (wantsJson) add(EXTRACTION, JSON_LOG_ODDS);
  return mostProbable();
}

/** Adds the scores of `text`, if it has any words, and returns how many features it had. */
function read(text: string, weight: number): number {
  if (text === '') return 0;
  scanText(text, otherScan);
  return addTextScores(otherScan, weight, scores);
}

function add(index: number, logOdds: number): void {
  scores[index] = (scores[index] as number) + logOdds;
}

function mostProbable(): { task: Task; confidence: number } {
  toProbabilities(scores);
  let best = 0;
  for (let index = 1; index < CLASS_COUNT; index += 1) {
    if ((scores[index] as number) > (scores[best] as number)) best = index;
  }
  const confidence = scores[best] as number;
  const task = CLASSIFIED_TASKS[best];
  return { task: task === undefined || confidence < UNKNOWN_BELOW ? 'unknown' : task, confidence };
}

function needsOf(reading: RequestReading, wantsJson: boolean): ReadonlySet<Capability> {
  const bits =
    (reading.toolsOffered > 0 || reading.hasToolTurn ? 1 : 0) |
    (wantsJson ? 2 : 0) |
    (reading.hasImage ? 4 : 0) |
    (reading.hasAudio ? 8 : 0);
  return NEEDS[bits] as ReadonlySet<Capability>;
}

function isJsonFormat(type: unknown): boolean {
  return type === 'json_object' || type === 'json_schema';
}

function positive(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 1 && Number.isFinite(value) ? Math.floor(value) : undefined;
}
