import { badRequest } from '../core/outcome/gateway-error.ts';

/**
 * The parameters of a URL, each at most once and none but `known`: a misspelt one that was silently dropped would
 * answer another question.
 *
 * @throws GatewayError 400 naming the parameter.
 */
export function readQuery<Name extends string>(
  query: unknown,
  known: readonly Name[],
): { readonly [name in Name]?: string } {
  const values: { [name in Name]?: string } = {};
  for (const [name, value] of Object.entries(query ?? {})) {
    const found = known.find((one) => one === name);
    if (found === undefined) {
      throw badRequest(
        `Unknown parameter '${name.slice(0, 64)}'. ${known.length > 0 ? `Known are ${known.join(', ')}` : 'None is known here'}.`,
        name.slice(0, 64),
      );
    }
    if (typeof value !== 'string') throw badRequest(`'${name}' is given twice.`, name);
    values[found] = value;
  }
  return values;
}
