import { badRequest } from '../../outcome/gateway-error.ts';
import { isObject, type JsonObject } from '../../wire/json-value.ts';
import type { Uncarried } from '../uncarried.ts';

/**
 * The functions of a Responses request as chat tools, and the choice among them. `allowed_tools` leaves only those on
 * offer: many chat servers do not know that choice, and all know a shorter list.
 *
 * @throws GatewayError 400 for what is malformed; tools that only a provider has are put into `uncarried`
 */
export function toolsToChat(
  tools: readonly JsonObject[],
  choice: unknown,
  uncarried: Uncarried[],
): { readonly tools: readonly object[]; readonly toolChoice: unknown } {
  const names = new Set<string>();
  const functions: { readonly name: string; readonly tool: object }[] = [];
  for (const [index, tool] of tools.entries()) {
    if (tool.type !== 'function') {
      uncarried.push({
        param: `tools[${index}].type`,
        what: `a tool of type '${String(tool.type).slice(0, 64)}'`,
      });
      continue;
    }
    const name = nameOf(tool, `tools[${index}].name`);
    names.add(name);
    const { description, parameters, strict } = tool;
    functions.push({
      name,
      tool: {
        type: 'function',
        function: {
          name,
          description: description ?? undefined,
          parameters: parameters ?? undefined,
          strict: strict ?? undefined,
        },
      },
    });
  }
  const { toolChoice, allowed } = readChoice(choice, names, uncarried);
  const offered = allowed ? functions.filter(({ name }) => allowed.has(name)) : functions;
  return { tools: offered.map(({ tool }) => tool), toolChoice };
}

interface ReadChoice {
  readonly toolChoice: unknown;
  /** Undefined: all. */
  readonly allowed?: ReadonlySet<string>;
}

function readChoice(choice: unknown, names: ReadonlySet<string>, uncarried: Uncarried[]): ReadChoice {
  if (choice == null) return { toolChoice: undefined };
  if (choice === 'none' || choice === 'auto' || choice === 'required') return { toolChoice: choice };
  if (!isObject(choice) || typeof choice.type !== 'string') {
    throw badRequest(
      'tool_choice: must be none, auto, required or an object with a type.',
      'tool_choice',
      'invalid_value',
    );
  }
  if (choice.type === 'function') {
    const name = known(nameOf(choice, 'tool_choice.name'), names, 'tool_choice.name');
    return { toolChoice: { type: 'function', function: { name } } };
  }
  if (choice.type === 'allowed_tools') return readAllowed(choice, names, uncarried);
  uncarried.push({ param: 'tool_choice.type', what: `a choice of '${choice.type.slice(0, 64)}'` });
  return { toolChoice: undefined };
}

function readAllowed(choice: JsonObject, names: ReadonlySet<string>, uncarried: Uncarried[]): ReadChoice {
  const { mode, tools } = choice;
  if (mode !== 'auto' && mode !== 'required') {
    throw badRequest('tool_choice.mode: must be auto or required.', 'tool_choice.mode', 'invalid_value');
  }
  if (!Array.isArray(tools) || tools.length === 0) {
    throw badRequest(
      'tool_choice.tools: must be a list of tools that is not empty.',
      'tool_choice.tools',
      'invalid_value',
    );
  }
  const allowed = new Set<string>();
  for (const [index, tool] of tools.entries()) {
    const path = `tool_choice.tools[${index}]`;
    if (!isObject(tool)) throw badRequest(`${path}: must be an object.`, path, 'invalid_value');
    if (tool.type === 'function') allowed.add(known(nameOf(tool, `${path}.name`), names, `${path}.name`));
    else
      uncarried.push({ param: `${path}.type`, what: `a tool of type '${String(tool.type).slice(0, 64)}'` });
  }
  return { toolChoice: mode, allowed };
}

function known(name: string, names: ReadonlySet<string>, path: string): string {
  if (names.has(name)) return name;
  throw badRequest(`${path}: there is no function of that name among the tools.`, path, 'invalid_value');
}

function nameOf(holder: JsonObject, path: string): string {
  const { name } = holder;
  if (typeof name === 'string' && name !== '' && name.length <= 256) return name;
  throw badRequest(`${path}: must be a string of 1 to 256 characters.`, path, 'invalid_value');
}
