import { scanJson, withMembers } from '../../core/wire/json-members.ts';
import type { ChatBody, ChatJob, ProviderWishes, RequestBody, RouteWishes } from './job.ts';

/** `[presets.name]`: what a client asks for by `@preset/name`. All of it is a default: what a request says itself wins. */
export interface Preset {
  readonly name: string;
  /** At least one: what `model` and `models` of a request would say. */
  readonly models: readonly string[];
  readonly strategy?: string;
  readonly route?: RouteWishes;
  readonly provider?: ProviderWishes;
  /** Members of the request's body, by name. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Put before the messages of a request that brings no system or developer message. */
  readonly systemPrompt?: string;
}

const PREFIX = '@preset/';

/** Either bound stands for the other: OpenAI renamed it. */
const TOKEN_BOUNDS: readonly string[] = ['max_tokens', 'max_completion_tokens'];

/**
 * The preset that a request asks for: `@preset/name` as the model or behind a model's name, or the body's `preset`.
 *
 * @returns its name, and the model that is named beside it; undefined for most requests
 */
export function presetAskedFor(
  body: RequestBody,
): { readonly name: string; readonly model: string | undefined; readonly param: string } | undefined {
  const { model } = body;
  const at = model.indexOf(PREFIX);
  if (at >= 0) {
    return {
      name: model.slice(at + PREFIX.length),
      model: at === 0 ? undefined : model.slice(0, at),
      param: 'model',
    };
  }
  if (typeof body.preset !== 'string') return undefined;
  return { name: nameOf(body.preset), model, param: 'preset' };
}

function nameOf(text: string): string {
  return text.startsWith(PREFIX) ? text.slice(PREFIX.length) : text;
}

/** Writes the preset's defaults into the request, as if its client had sent them. The model stays as it was asked for. */
export function applyPreset(job: ChatJob, preset: Preset): void {
  const { body } = job;
  const given: Readonly<Record<string, unknown>> = { ...body };
  const added: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(preset.parameters)) {
    const isGiven = TOKEN_BOUNDS.includes(name)
      ? TOKEN_BOUNDS.some((bound) => given[bound] != null)
      : given[name] != null;
    if (!isGiven) added[name] = value;
  }
  const changes = Object.fromEntries(
    Object.entries(added).map(([name, value]) => [name, JSON.stringify(value)]),
  );
  const { systemPrompt } = preset;
  if (systemPrompt !== undefined && !hasInstructions(body)) {
    const message = { role: 'system', content: systemPrompt };
    added.messages = [message, ...body.messages];
    changes.messages = `[${JSON.stringify(message)},${textBehindBracket(job, 'messages')}`;
  }
  if (Object.keys(changes).length > 0) {
    job.bytes = withMembers(job.bytes, job.members, changes);
    job.members = scanJson(job.bytes).members;
  }
  job.body = {
    ...body,
    ...added,
    route: { ...preset.route, ...body.route },
    provider: { ...preset.provider, ...body.provider },
  };
}

function hasInstructions({ messages }: ChatBody): boolean {
  return messages.some(({ role }) => role === 'system' || role === 'developer');
}

/** What the client wrote of a list, without its opening bracket: messages pass on as they came. */
function textBehindBracket({ bytes, members }: ChatJob, name: string): string {
  const member = members.find((one) => one.name === name);
  return member === undefined ? ']' : bytes.toString('utf8', member.valueStart + 1, member.end);
}
