import type { JsonObject } from '../../wire/json-value.ts';

/** An Anthropic-shaped request that `http/` has checked, as far as it is read here. */
export interface MessagesBody {
  readonly model: string;
  readonly max_tokens?: number;
  readonly messages: readonly {
    readonly role: 'user' | 'assistant' | 'system';
    /** A string or a list of blocks; what is in them is checked where they are read. */
    readonly content?: unknown;
  }[];
  readonly system?: string | readonly { readonly type: 'text'; readonly text: string }[] | null;
  readonly stream?: boolean | null;
  readonly stop_sequences?: readonly string[] | null;
  readonly temperature?: number | null;
  readonly top_p?: number | null;
  readonly top_k?: number | null;
  readonly tools?: readonly JsonObject[] | null;
  readonly tool_choice?: ToolChoice | null;
  readonly thinking?: Thinking | null;
  readonly output_config?: {
    readonly effort?: string | null;
    readonly format?: { readonly type: 'json_schema'; readonly schema: JsonObject } | null;
  } | null;
  readonly metadata?: { readonly user_id?: string | null } | null;
  readonly [name: string]: unknown;
}

export type ToolChoice =
  | { readonly type: 'auto' | 'any'; readonly disable_parallel_tool_use?: boolean | null }
  | { readonly type: 'tool'; readonly name: string; readonly disable_parallel_tool_use?: boolean | null }
  | { readonly type: 'none' };

export interface Thinking {
  readonly type: 'enabled' | 'adaptive' | 'between_tools' | 'disabled';
  readonly budget_tokens?: number | null;
}
