import { badRequest, type GatewayError } from '../outcome/gateway-error.ts';

/** Something in a request that chat completions have no place for. */
export interface Uncarried {
  /** Its path in the client's body, e.g. `tools[0].type`. */
  readonly param: string;
  /** What it is, in words that go on: "… cannot be carried". */
  readonly what: string;
  /** No provider can be given it through this gateway, also one that has the whole of the client's API. */
  readonly isNowhere?: true;
}

/** At most so many are named in one message. */
const MAX_NAMED = 5;

/** The 400 that names what cannot be carried; the first one is its `param`. */
export function refuseUncarried(uncarried: readonly Uncarried[], hint: string): GatewayError {
  const names = uncarried.slice(0, MAX_NAMED).map(({ param, what }) => `${param}: ${what}`);
  const rest = uncarried.length > MAX_NAMED ? ` and ${uncarried.length - MAX_NAMED} more` : '';
  return badRequest(
    `Models that answer over chat completions cannot be given ${names.join('; ')}${rest}. ${hint}`,
    uncarried[0]?.param ?? null,
    'unsupported_parameter',
  );
}
