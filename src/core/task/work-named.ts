import { badRequest } from '../outcome/gateway-error.ts';
import { type AnyTask, OPERATION_TASKS } from './operation-task.ts';
import { TASKS } from './task.ts';
import { parseTask } from './task-alias.ts';

/** A task of chat or one of its aliases, or another kind of work. @throws GatewayError 400 naming those there are. */
export function workNamed(text: string): AnyTask {
  const work = OPERATION_TASKS.find((one) => one === text) ?? parseTask(text);
  if (work) return work;
  const known = [...TASKS, ...OPERATION_TASKS].join(', ');
  throw badRequest(`There is no task '${text.slice(0, 64)}'. There are: ${known}.`, 'task');
}
