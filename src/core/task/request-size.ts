/** How large a prompt is, in the words that roll-ups and reports share. */
export const REQUEST_SIZES = ['small', 'medium', 'large', 'huge'] as const;
export type RequestSize = (typeof REQUEST_SIZES)[number];

/** Estimated prompt tokens from which on a request is no longer of the size before: a question, a page, a document, more. */
const MEDIUM_FROM = 500;
const LARGE_FROM = 4_000;
const HUGE_FROM = 32_000;

/** What is no number is small. */
export function requestSizeOf(inputTokens: number): RequestSize {
  if (inputTokens >= HUGE_FROM) return 'huge';
  if (inputTokens >= LARGE_FROM) return 'large';
  return inputTokens >= MEDIUM_FROM ? 'medium' : 'small';
}
