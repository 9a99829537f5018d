/** State that was stored as JSON, nothing of it checked yet; empty where the text is none. */
export function readState(text: string): object {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
