import type { Random } from '../../core/learning/random.ts';
import { type JsonObject, listOf, objectOf, textOf } from '../../core/wire/json-value.ts';
import { tokensOf } from './answer.ts';
import { answerText } from './answer-text.ts';
import type { SimulatedModelFacts } from './catalog.ts';
import { drawQuality } from './draw.ts';
import { guessTask } from './guess-task.ts';
import { createPace } from './pace.ts';

/** What the model needs of the world. */
export interface TalkHands {
  readonly random: Random;
  readonly speed: number;
  readonly send: (event: JsonObject) => void;
}

/** A response that is being said. */
interface Speaking {
  readonly id: string;
  readonly item: string;
  readonly inputTokens: number;
  readonly cachedTokens: number;
  said: string;
  outputTokens: number;
  timer: NodeJS.Timeout | undefined;
}

/**
 * One realtime session of a simulated model, in the events of OpenAI's GA interface, with text in and out. It knows
 * `session.update`, `conversation.item.create`, `response.create` and `response.cancel`; anything else is an error event,
 * and the session goes on. What was said before counts as cached input, as it does there.
 */
export class Talk {
  readonly #model: SimulatedModelFacts;
  readonly #hands: TalkHands;
  #events = 0;
  #session: JsonObject;
  #items: JsonObject[] = [];
  #heardTokens = 0;
  #speaking: Speaking | undefined;

  constructor(model: SimulatedModelFacts, hands: TalkHands) {
    this.#model = model;
    this.#hands = hands;
    this.#session = {
      type: 'realtime',
      object: 'realtime.session',
      id: `sess_sim_${this.#number()}`,
      model: model.id,
      output_modalities: ['text'],
      instructions: '',
      tools: [],
      tool_choice: 'auto',
      max_output_tokens: 'inf',
    };
    this.#send({ type: 'session.created', session: this.#session });
  }

  hear(text: string): void {
    let event: JsonObject;
    try {
      event = objectOf(JSON.parse(text));
    } catch {
      this.#refuse('invalid_json', 'This is no event: it is not JSON.', null);
      return;
    }
    const type = textOf(event.type);
    if (type === 'session.update') this.#update(objectOf(event.session));
    else if (type === 'conversation.item.create') this.#add(objectOf(event.item), event);
    else if (type === 'response.create') this.#answer(event);
    else if (type === 'response.cancel') this.#finish('cancelled');
    else
      this.#refuse(
        'unknown_event',
        `A simulated model takes no events of the type '${type.slice(0, 64)}'.`,
        event,
      );
  }

  close(): void {
    clearTimeout(this.#speaking?.timer);
    this.#speaking = undefined;
  }

  #update(changes: JsonObject): void {
    const { instructions } = changes;
    if (typeof instructions === 'string') this.#session = { ...this.#session, instructions };
    this.#send({ type: 'session.updated', session: this.#session });
  }

  #add(item: JsonObject, event: JsonObject): void {
    if (item.type !== 'message' || listOf(item.content).length === 0) {
      this.#refuse('invalid_value', 'A simulated model takes messages with a content.', event);
      return;
    }
    const { type, role, content } = item;
    const added = {
      id: textOf(item.id) || `item_sim_${this.#number()}`,
      object: 'realtime.item',
      type,
      role,
      status: 'completed',
      content,
    };
    this.#keep(added, ['conversation.item.added', 'conversation.item.done']);
  }

  #keep(item: JsonObject, types: readonly string[]): void {
    const previous = this.#items.at(-1)?.id ?? null;
    this.#items.push(item);
    for (const type of types) this.#send({ type, previous_item_id: previous, item });
  }

  #answer(event: JsonObject): void {
    if (this.#speaking !== undefined) {
      this.#refuse('conversation_already_has_active_response', 'A response is being said already.', event);
      return;
    }
    const { random, speed } = this.#hands;
    const prompt = textIn(this.#items.findLast(({ role }) => role === 'user'));
    const heard =
      tokensOf(textOf(this.#session.instructions)).length +
      this.#items.reduce((sum, item) => sum + tokensOf(textIn(item)).length, 0);
    const task = guessTask(prompt, false, []);
    const quality = drawQuality(this.#model.skill ?? 0.5, random);
    const tokens = tokensOf(answerText({ task, prompt, quality, modelId: this.#model.id, random }));
    const speaking: Speaking = {
      id: `resp_sim_${this.#number()}`,
      item: `item_sim_${this.#number()}`,
      inputTokens: heard,
      cachedTokens: Math.min(this.#heardTokens, heard),
      said: '',
      outputTokens: 0,
      timer: undefined,
    };
    this.#heardTokens = heard;
    this.#speaking = speaking;
    this.#send({ type: 'response.created', response: responseOf(speaking, 'in_progress', []) });
    const pace = createPace(this.#model, speed, random);
    speaking.timer = setTimeout(() => {
      this.#open(speaking);
      this.#say(speaking, tokens, pace.perTokenMs);
    }, pace.firstTokenMs);
  }

  #open(speaking: Speaking): void {
    const { id, item } = speaking;
    const opened = itemOf(speaking, 'in_progress', []);
    this.#send({ type: 'response.output_item.added', response_id: id, output_index: 0, item: opened });
    this.#send({
      type: 'conversation.item.added',
      previous_item_id: this.#items.at(-1)?.id ?? null,
      item: opened,
    });
    this.#send({
      type: 'response.content_part.added',
      ...placeOf(id, item),
      part: { type: 'text', text: '' },
    });
  }

  #say(speaking: Speaking, tokens: readonly string[], perTokenMs: number): void {
    if (this.#speaking !== speaking) return;
    const delta = tokens[speaking.outputTokens];
    if (delta === undefined) {
      this.#finish('completed');
      return;
    }
    speaking.said += delta;
    speaking.outputTokens += 1;
    this.#send({ type: 'response.output_text.delta', ...placeOf(speaking.id, speaking.item), delta });
    speaking.timer = setTimeout(() => this.#say(speaking, tokens, perTokenMs), perTokenMs);
  }

  #finish(status: 'completed' | 'cancelled'): void {
    const speaking = this.#speaking;
    if (speaking === undefined) {
      this.#refuse('response_cancel_not_active', 'No response is being said.', null);
      return;
    }
    this.close();
    const { id, item: itemId, said } = speaking;
    const item = itemOf(speaking, status === 'completed' ? 'completed' : 'incomplete', [
      { type: 'output_text', text: said },
    ]);
    const place = placeOf(id, itemId);
    if (said !== '') {
      this.#send({ type: 'response.output_text.done', ...place, text: said });
      this.#send({ type: 'response.content_part.done', ...place, part: { type: 'text', text: said } });
      this.#send({ type: 'response.output_item.done', response_id: id, output_index: 0, item });
      this.#keep(item, ['conversation.item.done']);
      this.#heardTokens += speaking.outputTokens;
    }
    this.#send({ type: 'response.done', response: responseOf(speaking, status, said === '' ? [] : [item]) });
  }

  #refuse(code: string, message: string, event: JsonObject | null): void {
    const eventId = textOf(event?.event_id) || null;
    this.#send({
      type: 'error',
      error: { type: 'invalid_request_error', code, message, param: null, event_id: eventId },
    });
  }

  #send(event: JsonObject): void {
    this.#hands.send({ event_id: `event_sim_${this.#number()}`, ...event });
  }

  #number(): number {
    this.#events += 1;
    return this.#events;
  }
}

function placeOf(responseId: string, itemId: string) {
  return { response_id: responseId, item_id: itemId, output_index: 0, content_index: 0 };
}

function itemOf({ item }: Speaking, status: string, content: readonly JsonObject[]): JsonObject {
  return { id: item, object: 'realtime.item', type: 'message', role: 'assistant', status, content };
}

function responseOf(speaking: Speaking, status: string, output: readonly JsonObject[]): JsonObject {
  const { id, inputTokens, cachedTokens, outputTokens } = speaking;
  const response = { id, object: 'realtime.response', status, output, output_modalities: ['text'] };
  if (status === 'in_progress') return response;
  return {
    ...response,
    usage: {
      total_tokens: inputTokens + outputTokens,
      input_tokens: inputTokens,
      output_tokens: outputTokens,
      input_token_details: { text_tokens: inputTokens, audio_tokens: 0, cached_tokens: cachedTokens },
      output_token_details: { text_tokens: outputTokens, audio_tokens: 0 },
    },
  };
}

/** The text of a message. */
function textIn(item: JsonObject | undefined): string {
  return listOf(item?.content)
    .map((part) => textOf(objectOf(part).text))
    .join('\n');
}
