import { isObject, type JsonObject, textOf } from '../../wire/json-value.ts';
import { type ChatSaying, type ChatToolCall, readChunkSaying } from '../chat-answer.ts';
import type { EventWriter } from '../event-writer.ts';
import { messageIdOf, stopOf, toolIdOf, usageOf } from './message-object.ts';

/** One block of the message, with what of it could not be sent yet. */
interface Block {
  readonly type: 'text' | 'thinking' | 'tool_use';
  /** Of a tool's call, its place among the answer's calls. */
  readonly place: number;
  id: string;
  name: string;
  waiting: string;
}

/**
 * Chat chunks in, Anthropic's events out: a message is started, its blocks come one after the other, each from its start to
 * its stop, then the reason why it ended, with the usage, and the stop. Blocks cannot overlap there, and pieces of
 * parallel calls may: the first call goes out as it comes, those after it when it is over.
 */
export function messagesEventWriter(options: {
  readonly requestId: string;
  /** Until the first chunk names it. */
  readonly model: string;
  readonly showsThinking: boolean;
}): EventWriter {
  const { requestId } = options;
  /** In the order in which they began; those before `live` are stopped. */
  const blocks: Block[] = [];
  const calls = new Map<number, Block>();
  let live = 0;
  let isLiveStarted = false;
  let hasBegun = false;
  let usage: JsonObject = {};
  let metadata: unknown;
  let finish: Pick<ChatSaying, 'finishReason' | 'stoppedBy'> = { finishReason: '', stoppedBy: '' };
  let isRefused = false;
  let out = '';

  const emit = (type: string, members: object) => {
    out += `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`;
  };
  const taken = () => {
    const text = out;
    out = '';
    return text;
  };

  function begin(model: string): void {
    if (hasBegun) return;
    hasBegun = true;
    emit('message_start', {
      message: {
        id: messageIdOf(requestId),
        type: 'message',
        role: 'assistant',
        model,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        // Counted at the end, when it is known.
        usage: {
          input_tokens: 0,
          cache_creation_input_tokens: 0,
          cache_read_input_tokens: 0,
          output_tokens: 0,
        },
      },
    });
    emit('ping', {});
  }

  function say(type: 'text' | 'thinking', text: string): void {
    let last = blocks.at(-1);
    if (last?.type !== type) {
      last = { type, place: -1, id: '', name: '', waiting: '' };
      blocks.push(last);
    }
    last.waiting += text;
  }

  function call(piece: ChatToolCall): void {
    let block = calls.get(piece.index);
    if (block === undefined) {
      block = { type: 'tool_use', place: piece.index, id: '', name: '', waiting: '' };
      calls.set(piece.index, block);
      blocks.push(block);
    }
    block.id ||= piece.id;
    block.name ||= piece.name;
    block.waiting += piece.arguments;
  }

  /** Sends what may go out now: all of the live block, and on past blocks that are over. */
  function flush(isOver: boolean): void {
    for (let block = blocks[live]; block; block = blocks[live]) {
      // A call begins with its name.
      if (block.type === 'tool_use' && block.name === '' && !isOver) return;
      if (!isLiveStarted) {
        isLiveStarted = true;
        emit('content_block_start', { index: live, content_block: startOf(block) });
      }
      if (block.waiting !== '') {
        emit('content_block_delta', { index: live, delta: deltaOf(block) });
        block.waiting = '';
      }
      const isLast = live === blocks.length - 1;
      if (!isOver && (isLast || block.type === 'tool_use')) return;
      emit('content_block_stop', { index: live });
      live += 1;
      isLiveStarted = false;
    }
  }

  function startOf({ type, place, id, name }: Block): object {
    if (type === 'text') return { type, text: '' };
    if (type === 'thinking') return { type, thinking: '', signature: '' };
    return { type, id: id || toolIdOf(requestId, place), name, input: {} };
  }

  return {
    chunk(chunk) {
      begin(typeof chunk.model === 'string' ? chunk.model : options.model);
      if (isObject(chunk.usage)) usage = chunk.usage;
      metadata = chunk.router_metadata ?? metadata;
      const saying = readChunkSaying(chunk);
      if (saying === undefined) return taken();
      if (saying.reasoning !== '' && options.showsThinking) say('thinking', saying.reasoning);
      if (saying.text !== '') say('text', saying.text);
      if (saying.refusal !== '') say('text', saying.refusal);
      isRefused ||= saying.refusal !== '';
      for (const piece of saying.toolCalls) call(piece);
      if (saying.finishReason !== '') finish = saying;
      flush(false);
      return taken();
    },
    end() {
      begin(options.model);
      flush(true);
      emit('message_delta', {
        delta: stopOf(finish, calls.size > 0, isRefused),
        usage: usageOf(usage),
        ...(metadata === undefined ? {} : { router_metadata: metadata }),
      });
      emit('message_stop', {});
      return taken();
    },
    fail(error) {
      begin(options.model);
      const message = textOf(error.message) || 'The answer broke off.';
      emit('error', {
        error: { type: 'api_error', message, code: textOf(error.code) || null },
        request_id: requestId,
      });
      return taken();
    },
  };
}

function deltaOf({ type, waiting }: Block): object {
  if (type === 'text') return { type: 'text_delta', text: waiting };
  if (type === 'thinking') return { type: 'thinking_delta', thinking: waiting };
  return { type: 'input_json_delta', partial_json: waiting };
}
