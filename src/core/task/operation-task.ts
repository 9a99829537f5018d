import type { ModelType } from '../catalog/model.ts';
import { TASKS, type Task } from './task.ts';

/**
 * What requests are filed under that are no chat: one name for each kind of work, beside the tasks of chat and never
 * mixed with them. Beliefs about these stand in sums of their own (`core/learning/typed-learner.ts`).
 */
export const OPERATION_TASKS = [
  'text_completion',
  'embedding',
  'image_generation',
  'transcription',
  'speech_translation',
  'speech',
  'rerank',
  'moderation',
  'realtime',
] as const;
export type OperationTask = (typeof OPERATION_TASKS)[number];
/** Whatever a request can be filed under. */
export type AnyTask = Task | OperationTask;

const OPERATION_TASK_TO_TYPE: Readonly<Record<OperationTask, ModelType>> = {
  text_completion: 'completion',
  embedding: 'embedding',
  image_generation: 'image',
  transcription: 'transcription',
  speech_translation: 'transcription',
  speech: 'speech',
  rerank: 'rerank',
  moderation: 'moderation',
  realtime: 'realtime',
};

const taskToType = new Map<string, ModelType>([
  ...TASKS.map((task): [string, ModelType] => [task, 'chat']),
  ...Object.entries(OPERATION_TASK_TO_TYPE),
]);

/** The type of the models that do this work. */
export function typeOfTask(task: AnyTask): ModelType {
  return taskToType.get(task) ?? 'chat';
}

/** The kinds of work that models of this type do. */
export function tasksOfType(type: ModelType): readonly AnyTask[] {
  return type === 'chat' ? TASKS : OPERATION_TASKS.filter((task) => OPERATION_TASK_TO_TYPE[task] === type);
}

/** Undefined for a text that names no task. */
export function anyTaskNamed(text: string): AnyTask | undefined {
  return taskToType.has(text) ? (text as AnyTask) : undefined;
}
