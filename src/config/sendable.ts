/** What is wrong with a value of the environment or the file, as the end of a sentence; undefined when nothing is. */
export type FlawOf = (text: string) => string | undefined;

export const flawOfLine: FlawOf = (text) =>
  isOneLine(text) ? undefined : 'holds a line break or control character';

/** Without this a header that cannot be sent would fail every request, long after the start, and blame the provider. */
export const flawOfHeader: FlawOf = (text) =>
  flawOfLine(text) ??
  (/[^ -~\u00a0-\u00ff]/.test(text) ? 'holds a character that no HTTP header can carry' : undefined);

/** Letters beyond ASCII go out as Latin-1 and are read as UTF-8: no server would know the key again. */
export const flawOfKey: FlawOf = (text) =>
  flawOfLine(text) ??
  (/[^ -~]/.test(text) ? 'holds a character that a key cannot have: only ASCII can be sent' : undefined);

export function isOneLine(text: string): boolean {
  return !/\p{Cc}/u.test(text);
}

/** RFC 9110 §7.6.1 and what frames a message: the HTTP client sets these itself, refuses them, or sends a broken request. */
export function belongsToConnection(header: string): boolean {
  return /^(connection|content-length|expect|host|keep-alive|te|trailer|transfer-encoding|upgrade|proxy-.*)$/i.test(
    header,
  );
}
