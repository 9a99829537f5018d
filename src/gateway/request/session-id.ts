import type { Job } from './job.ts';

/** The conversation that a request says it belongs to, by header or body; undefined when it says nothing. */
export function sessionIdOf({ sessionId, body }: Job): string | undefined {
  return sessionId || nameOf(body.session_id) || nameOf(body.conversation_id) || undefined;
}

function nameOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
