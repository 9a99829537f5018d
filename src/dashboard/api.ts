/** The way to the gateway: `/dashboard/api/…` is `/v1/…` by the key that is logged in. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** What a page of another origin cannot send without being asked whether it may. */
export const OWN_HEADERS = { 'x-outrider-dashboard': '1' } as const;

/** @throws ApiError with the gateway's own words, which say what to do */
export async function call<Answer>(
  path: string,
  options: { readonly method?: string; readonly body?: object; readonly signal?: AbortSignal } = {},
): Promise<Answer> {
  const { method = 'GET', body, signal } = options;
  const response = await fetch(`/dashboard/${path}`, {
    method,
    signal,
    headers: body === undefined ? OWN_HEADERS : { ...OWN_HEADERS, 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  }).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, 'unreachable', 'The gateway cannot be reached. Is it running?');
  });
  const json: unknown = await response.json().catch(() => undefined);
  // A proxy that wants a login of its own answers 200 with a page.
  if (response.ok && json !== undefined) return json as Answer;
  const { error } = (json ?? {}) as { error?: { message?: string; code?: string } };
  throw new ApiError(
    response.status,
    error?.code ?? '',
    error?.message ?? `The gateway answered ${response.status}, not in JSON.`,
  );
}

interface Page {
  readonly data: unknown[];
  readonly has_more: boolean;
  readonly next_page?: number | null;
  readonly last_id?: string;
}

/** All pages of a list, as its first. @throws ApiError as `call` does */
export async function callWhole<Answer>(
  path: string,
  options: { readonly signal: AbortSignal },
): Promise<Answer> {
  const whole = await call<Page>(path, options);
  for (let last = whole; last.has_more; whole.data.push(...last.data)) {
    const { next_page, last_id } = last;
    last = await call<Page>(`${path}&${next_page ? `page=${next_page}` : `after=${last_id}`}`, options);
  }
  return whole as Answer;
}

export const login = (key: string) => call('login', { method: 'POST', body: { key } });
export const logout = () => call('logout', { method: 'POST' });
