/** What a provider's message may hold that is nobody else's business. Each runs in linear time over the bounded text. */
const SECRETS: readonly RegExp[] = [
  /\bBearer\s+\S+/gi,
  /\beyJ[\w.-]{10,}/g,
  /\bAIza[\w-]{10,}/g,
  /\b(?:sk|pk|gsk|xai)[-_][\w-]{6,}/gi,
  // These are words as well: only with a digit in it is it a key or an account.
  /\b(?:or|key|org|proj|acct|user)[-_](?=[\w-]*\d)[\w-]{6,}/gi,
  /\b(?=\w*\d)(?=\w*[a-z])\w{32,}\b/gi,
  /\b\w+:\/\/\S+/g,
  /(?<![\w.])\/(?:[\w.-]+\/)+[\w.-]+/g,
  /\b[a-z]:\\\S+/gi,
  /[\w.+-]+@[\w.-]+/g,
  /\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b/g,
  /\b[\w-]+(?:\.[\w-]+)*\.(?:internal|local|lan|corp|svc)\b\S*/gi,
];

const MARKUP = /<(?:!doctype|\/?(?:html|head|title|body|center|div|h\d|p|br|hr)\b)/i;

/** Read of a message at most, and passed on of it at most. */
const READ_CHARACTERS = 2_000;
const SHOWN_CHARACTERS = 300;

/**
 * A provider's message as a client may see it: one line of at most 300 characters without credentials, addresses,
 * accounts and paths. A web page is nothing to repeat: `''`.
 */
export function scrub(message: string): string {
  let text = message.slice(0, READ_CHARACTERS);
  if (MARKUP.test(text)) return '';
  for (const secret of SECRETS) text = text.replace(secret, '[removed]');
  return text.replace(/\s+/g, ' ').trim().slice(0, SHOWN_CHARACTERS);
}

/** The name of a request's member, e.g. `messages[0].content`; anything else is none. */
export function scrubParam(param: string): string | null {
  return /^[\w.[\]$]{1,100}$/.test(param) ? param : null;
}
