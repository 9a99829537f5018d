import type { JsonObject } from '../../wire/json-value.ts';

/** A Responses request that `http/` has checked, as far as it is read here. */
export interface ResponsesBody {
  readonly model: string;
  /** A string or a list of items; what is in them is checked where they are read. */
  readonly input?: unknown;
  readonly instructions?: string | null;
  readonly previous_response_id?: string | null;
  readonly stream?: boolean | null;
  readonly stream_options?: { readonly include_obfuscation?: boolean | null } | null;
  readonly store?: boolean | null;
  readonly metadata?: Readonly<Record<string, string>> | null;
  readonly tools?: readonly JsonObject[] | null;
  readonly tool_choice?: unknown;
  readonly parallel_tool_calls?: boolean | null;
  readonly text?: {
    readonly format?: TextFormat | null;
    readonly verbosity?: string | null;
  } | null;
  readonly reasoning?: { readonly effort?: string | null; readonly summary?: string | null } | null;
  readonly include?: readonly string[] | null;
  readonly max_output_tokens?: number | null;
  readonly max_tool_calls?: number | null;
  readonly temperature?: number | null;
  readonly top_p?: number | null;
  readonly top_logprobs?: number | null;
  readonly truncation?: string | null;
  readonly background?: boolean | null;
  readonly conversation?: unknown;
  readonly prompt?: unknown;
  readonly context_management?: unknown;
  readonly moderation?: unknown;
  readonly user?: string | null;
  readonly [name: string]: unknown;
}

export type TextFormat =
  | { readonly type: 'text' }
  | { readonly type: 'json_object' }
  | {
      readonly type: 'json_schema';
      readonly name: string;
      readonly schema: JsonObject;
      readonly description?: string | null;
      readonly strict?: boolean | null;
    };
