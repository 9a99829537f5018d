import type { ModelType } from '../catalog/model.ts';
import { type AnyTask, tasksOfType } from '../task/operation-task.ts';
import { parseTask } from '../task/task-alias.ts';

/** The work that a result names, of those that models of this type do; undefined where it is none of them. */
export function workOfModel(type: ModelType, text: string): AnyTask | undefined {
  return type === 'chat' ? parseTask(text) : tasksOfType(type).find((task) => task === text);
}

/** What a result is about that names no work: undefined where its prompt has to tell. */
export function usualWorkOfModel(type: ModelType): AnyTask | undefined {
  return type === 'chat' ? undefined : tasksOfType(type)[0];
}
