import { Mistake } from './command-store.ts';

/**
 * What commands of the terminal ask of the running gateway, whose base address is `base`.
 *
 * @param body undefined: it is read, with GET
 * @param isAnswer whether a good answer is what was asked for, and not that of another server
 * @throws Mistake in one line: in the gateway's own words, or why it could not be asked
 */
export async function askGateway<Answer>(
  base: string,
  path: string,
  body: object | undefined,
  { key, isAnswer }: { readonly key: string | undefined; isAnswer(body: object): boolean },
): Promise<Answer> {
  const place = originOf(base);
  const headers = headersWith(key);
  const url = `${base.replace(/\/+$/, '')}${path}`;
  const answer = await fetch(
    url,
    body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) },
  ).catch(() => {
    throw new Mistake(`No gateway answers at ${place}. Start it, or name its address with --url.`);
  });
  const json: unknown = await answer.json().catch(() => undefined);
  const said = typeof json === 'object' && json !== null ? json : {};
  if (answer.ok && isAnswer(said)) return said as Answer;
  const { error } = said as { error?: { message?: unknown } | null };
  if (!answer.ok && typeof error?.message === 'string') {
    const hint =
      answer.status === 401 ? ' The key of this command is OUTRIDER_API_KEY in its environment.' : '';
    throw new Mistake(`${error.message}${hint}`);
  }
  throw new Mistake(
    `What answers at ${place} is no Outrider gateway: it says ${answer.status}. Name its address with --url.`,
  );
}

/** Where the gateway of these settings is, unless another is named. */
export function gatewayUrl(
  named: string | undefined,
  { host, port }: { readonly host: string; readonly port: number },
): string {
  return named ?? `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** @throws Mistake */
function originOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === 'http:' || parsed?.protocol === 'https:') return parsed.origin;
  throw new Mistake(`--url has to be an address such as http://127.0.0.1:8080, not '${url}'.`);
}

/** @throws Mistake for a key with what no header can hold */
function headersWith(key: string | undefined): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (!key) return headers;
  if (!/^[\x21-\x7e]+$/.test(key)) throw new Mistake('OUTRIDER_API_KEY holds characters that are in no key.');
  return { ...headers, authorization: `Bearer ${key}` };
}
