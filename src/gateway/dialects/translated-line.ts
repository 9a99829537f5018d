import type { EventWriter } from '../../core/dialects/event-writer.ts';
import { dataOfEvents } from '../../core/wire/event-data.ts';
import { isObject, type JsonObject } from '../../core/wire/json-value.ts';
import type { ClientLine } from '../request/job.ts';
import { PassingLine } from '../request/passing-line.ts';

const UNREADABLE = { message: 'The provider sent something unreadable.', code: 'upstream_error' };

/**
 * The client's end of a chat stream, for a client that speaks another dialect: what is written is translated event by
 * event, and nothing follows the end.
 *
 * @param writerOf made when the stream begins: only then the id of the request is certain
 * @param headersOf those that are added to the answer's
 */
export function translatedLine(
  client: ClientLine,
  writerOf: (requestId: string) => EventWriter,
  headersOf: HeadersOf = () => ({}),
): ClientLine {
  return new TranslatedLine(client, writerOf, headersOf);
}

type HeadersOf = (requestId: string) => Readonly<Record<string, string>>;

class TranslatedLine extends PassingLine {
  readonly #writerOf: (requestId: string) => EventWriter;
  readonly #headersOf: HeadersOf;
  #writer: EventWriter | undefined;

  constructor(client: ClientLine, writerOf: (requestId: string) => EventWriter, headersOf: HeadersOf) {
    super(client);
    this.#writerOf = writerOf;
    this.#headersOf = headersOf;
  }

  override startStream(headers: Readonly<Record<string, string>>): void {
    const requestId = headers['x-request-id'] ?? '';
    this.#writer = this.#writerOf(requestId);
    this.client.startStream({ ...headers, ...this.#headersOf(requestId) });
  }

  override write(bytes: Buffer | string): boolean {
    let events = '';
    for (const data of dataOfEvents(bytes.toString())) events += this.#translate(data);
    return events === '' || this.client.write(events);
  }

  #translate(data: string): string {
    const writer = this.#writer;
    if (writer === undefined) return '';
    if (data === '[DONE]') {
      this.#writer = undefined;
      return writer.end();
    }
    const chunk = parse(data);
    if (chunk !== undefined && !isObject(chunk.error)) return writer.chunk(chunk);
    this.#writer = undefined;
    return writer.fail(chunk !== undefined && isObject(chunk.error) ? chunk.error : UNREADABLE);
  }
}

function parse(data: string): JsonObject | undefined {
  try {
    const json: unknown = JSON.parse(data);
    return isObject(json) ? json : undefined;
  } catch {
    return undefined;
  }
}
