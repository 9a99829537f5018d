/** How a client secret begins, as OpenAI's do; no key does. */
export const SECRET_PREFIX = 'ek_';
