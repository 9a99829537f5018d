import { isObject, type JsonObject, textOf } from '../../wire/json-value.ts';
import { type ChatSaying, type ChatToolCall, readChunkSaying } from '../chat-answer.ts';
import type { EventWriter } from '../event-writer.ts';
import {
  endingOf,
  functionCallItem,
  type ItemStatus,
  itemIdOf,
  logprobsOf,
  messageItem,
  reasoningItem,
  refusalPart,
  textPart,
} from './output-items.ts';
import { type ResponseFacts, type ResponseState, responseObject } from './response-object.ts';

/** An item that is still being written. */
type OpenItem =
  | { readonly type: 'reasoning'; readonly index: number; readonly id: string; text: string }
  | { readonly type: 'message'; readonly index: number; readonly id: string; readonly parts: OpenPart[] }
  | {
      readonly type: 'function_call';
      readonly index: number;
      readonly id: string;
      readonly callId: string;
      readonly name: string;
      arguments: string;
    };

interface OpenPart {
  readonly type: 'output_text' | 'refusal';
  text: string;
  readonly logprobs: object[];
}

type OpenCall = OpenItem & { type: 'function_call' };

/** A call of which no name has come yet. */
interface UnnamedCall {
  id: string;
  arguments: string;
}

/**
 * Chat chunks in, the events of a response out, in the order of OpenAI's document: created, in progress, each item
 * from `added` to `done`, then completed or incomplete. Thoughts and messages end when something else begins; calls,
 * which a server may send in turns, end with the answer.
 *
 * @param facts.model until the first chunk names it
 */
export function responsesEventWriter(options: {
  readonly facts: ResponseFacts;
  readonly requestId: string;
  readonly nowSeconds: () => number;
  /** Told of the whole response at its end, unless it failed. */
  readonly onResponse?: (response: object) => unknown;
}): EventWriter {
  const { requestId } = options;
  let { facts } = options;
  let sequence = 0;
  let hasBegun = false;
  let finishReason = '';
  let usage: JsonObject | undefined;
  let metadata: unknown;
  let serviceTier: unknown;
  let out = '';
  /** By output index; done ones as they were sent. */
  const output: object[] = [];
  let current: OpenItem | undefined;
  const calls = new Map<number, OpenCall>();
  const unnamed = new Map<number, UnnamedCall>();

  const emit = (type: string, members: object) => {
    out += `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence++, ...members })}\n\n`;
  };
  const stateOf = (state: Omit<ResponseState, 'output'>) =>
    responseObject(facts, { ...state, output: [...output] });
  const taken = () => {
    const text = out;
    out = '';
    return text;
  };

  function begin(): void {
    if (hasBegun) return;
    hasBegun = true;
    emit('response.created', { response: stateOf({ status: 'in_progress' }) });
    emit('response.in_progress', { response: stateOf({ status: 'in_progress' }) });
  }

  function add(item: object): void {
    emit('response.output_item.added', { output_index: output.length, item });
    output.push(item);
  }

  function done(index: number, item: object): void {
    emit('response.output_item.done', { output_index: index, item });
    output[index] = item;
  }

  function think(text: string): void {
    if (current?.type !== 'reasoning') {
      closeCurrent('completed');
      const index = output.length;
      const id = itemIdOf('reasoning', requestId, index);
      add(reasoningItem(id, '', 'in_progress'));
      emit('response.reasoning_summary_part.added', {
        item_id: id,
        output_index: index,
        summary_index: 0,
        part: { type: 'summary_text', text: '' },
      });
      current = { type: 'reasoning', index, id, text: '' };
    }
    current.text += text;
    emit('response.reasoning_summary_text.delta', {
      item_id: current.id,
      output_index: current.index,
      summary_index: 0,
      delta: text,
    });
  }

  function say(type: OpenPart['type'], text: string, logprobs: object[]): void {
    if (current?.type !== 'message') {
      closeCurrent('completed');
      const index = output.length;
      const id = itemIdOf('message', requestId, index);
      add(messageItem(id, [], 'in_progress'));
      current = { type: 'message', index, id, parts: [] };
    }
    const message = current;
    let part = message.parts.at(-1);
    if (part?.type !== type) {
      if (part) partDone(message, message.parts.length - 1);
      part = { type, text: '', logprobs: [] };
      message.parts.push(part);
      emit('response.content_part.added', {
        item_id: message.id,
        output_index: message.index,
        content_index: message.parts.length - 1,
        part: partOf(part),
      });
    }
    part.text += text;
    part.logprobs.push(...logprobs);
    emit(`response.${type}.delta`, {
      item_id: message.id,
      output_index: message.index,
      content_index: message.parts.length - 1,
      delta: text,
      ...(type === 'output_text' ? { logprobs } : {}),
    });
  }

  function partDone(message: OpenItem & { type: 'message' }, contentIndex: number): void {
    const part = message.parts[contentIndex];
    if (part === undefined) return;
    const place = { item_id: message.id, output_index: message.index, content_index: contentIndex };
    if (part.type === 'refusal') emit('response.refusal.done', { ...place, refusal: part.text });
    else emit('response.output_text.done', { ...place, text: part.text, logprobs: part.logprobs });
    emit('response.content_part.done', { ...place, part: partOf(part) });
  }

  function closeCurrent(status: ItemStatus): void {
    const item = current;
    current = undefined;
    if (item?.type === 'reasoning') {
      const place = { item_id: item.id, output_index: item.index, summary_index: 0 };
      emit('response.reasoning_summary_text.done', { ...place, text: item.text });
      emit('response.reasoning_summary_part.done', {
        ...place,
        part: { type: 'summary_text', text: item.text },
      });
      done(item.index, reasoningItem(item.id, item.text, 'completed'));
    } else if (item?.type === 'message') {
      partDone(item, item.parts.length - 1);
      done(item.index, messageItem(item.id, item.parts.map(partOf), status));
    }
  }

  function callPiece(piece: ChatToolCall): void {
    const call = calls.get(piece.index) ?? named(piece);
    if (call === undefined) return;
    const text = (unnamed.get(piece.index)?.arguments ?? '') + piece.arguments;
    unnamed.delete(piece.index);
    if (text === '') return;
    call.arguments += text;
    emit('response.function_call_arguments.delta', {
      item_id: call.id,
      output_index: call.index,
      delta: text,
    });
  }

  /** A call begins with its name; what comes before that waits. */
  function named(piece: ChatToolCall): OpenCall | undefined {
    const waiting = unnamed.get(piece.index) ?? { id: '', arguments: '' };
    waiting.id ||= piece.id;
    unnamed.set(piece.index, waiting);
    if (piece.name !== '') return openCall(piece.index, waiting.id, piece.name);
    waiting.arguments += piece.arguments;
    return undefined;
  }

  function openCall(place: number, callId: string, name: string): OpenCall {
    closeCurrent('completed');
    const index = output.length;
    const call: OpenCall = {
      type: 'function_call',
      index,
      id: itemIdOf('function_call', requestId, index),
      callId: callId || `call_${requestId}_${place}`,
      name,
      arguments: '',
    };
    add(functionCallItem(call.id, call, 'in_progress'));
    calls.set(place, call);
    return call;
  }

  function closeCalls(status: ItemStatus): void {
    for (const [place, { id, arguments: text }] of unnamed) {
      openCall(place, id, '').arguments = text;
    }
    for (const call of calls.values()) {
      emit('response.function_call_arguments.done', {
        item_id: call.id,
        output_index: call.index,
        name: call.name,
        arguments: call.arguments,
      });
      done(call.index, functionCallItem(call.id, call, status));
    }
  }

  /** What an answer that broke off has said so far stays in its output. */
  function keepPieces(): void {
    if (current?.type === 'reasoning') {
      output[current.index] = reasoningItem(current.id, current.text, 'incomplete');
    } else if (current?.type === 'message') {
      output[current.index] = messageItem(current.id, current.parts.map(partOf), 'incomplete');
    }
    for (const call of calls.values()) output[call.index] = functionCallItem(call.id, call, 'incomplete');
  }

  function take(saying: ChatSaying): void {
    if (saying.reasoning !== '') think(saying.reasoning);
    if (saying.text !== '') say('output_text', saying.text, logprobsOf(saying.logprobs));
    if (saying.refusal !== '') say('refusal', saying.refusal, []);
    for (const piece of saying.toolCalls) callPiece(piece);
    finishReason = saying.finishReason || finishReason;
  }

  return {
    chunk(chunk) {
      if (!hasBegun && typeof chunk.model === 'string') facts = { ...facts, model: chunk.model };
      begin();
      if (isObject(chunk.usage)) usage = chunk.usage;
      metadata = chunk.router_metadata ?? metadata;
      serviceTier = chunk.service_tier ?? serviceTier;
      const saying = readChunkSaying(chunk);
      if (saying) take(saying);
      return taken();
    },
    end() {
      begin();
      const { status, incompleteReason } = endingOf(finishReason);
      if (output.length === 0) say('output_text', '', []);
      closeCurrent(status);
      closeCalls(status);
      const completedAtSeconds = options.nowSeconds();
      const response = stateOf({
        status,
        incompleteReason,
        usage,
        completedAtSeconds,
        serviceTier,
        metadata,
      });
      emit(`response.${status}`, { response });
      options.onResponse?.(response);
      return taken();
    },
    fail(error) {
      begin();
      keepPieces();
      const message = textOf(error.message) || 'The answer broke off.';
      emit('error', { code: textOf(error.code) || null, message, param: null });
      const response = stateOf({ status: 'failed', error: { code: 'server_error', message }, usage });
      emit('response.failed', { response });
      return taken();
    },
  };
}

function partOf({ type, text, logprobs }: OpenPart): object {
  return type === 'refusal' ? refusalPart(text) : textPart(text, logprobs);
}
