import type { JsonObject } from '../wire/json-value.ts';

/** Writes a chat stream in another dialect. Each returns server-sent events, or `''`. Ends once, by `end` or `fail`. */
export interface EventWriter {
  chunk(chunk: JsonObject): string;
  /** The answer is whole. */
  end(): string;
  /** @param error the `error` of OpenAI's error body */
  fail(error: JsonObject): string;
}
