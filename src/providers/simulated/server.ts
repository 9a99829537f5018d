import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Random } from '../../core/learning/random.ts';
import { type JsonObject, objectOf, textOf } from '../../core/wire/json-value.ts';
import { answerChat } from './answer.ts';
import { ApiError } from './api-error.ts';
import { SIMULATED_MODELS, simulatedModel } from './catalog.ts';
import { readChatRequest } from './chat-request.ts';
import { embeddingBody } from './embedding.ts';
import { modelOfType } from './model-of-type.ts';
import { moderationBody } from './moderation.ts';
import { createPace } from './pace.ts';
import { pictureEvents, picturesBody } from './picture.ts';
import { createPromptCache } from './prompt-cache.ts';
import { serveRealtime } from './realtime.ts';
import { rerankBody } from './rerank.ts';
import { sendEvents, sendStream } from './send-stream.ts';
import { speak } from './speech.ts';
import { completeText, textCompletionBody, textCompletionEvents } from './text-completion.ts';
import { hear, readForm } from './transcript.ts';
import { completionBody, type Envelope } from './write-completion.ts';

export interface SimulatedServer {
  /** With `/v1`, as a provider's base URL. */
  readonly baseUrl: string;
  /** Cuts what is running and stops listening. */
  close(): Promise<void>;
}

const MOST_BODY_BYTES = 32_000_000;
/** What is answered with one JSON body, as soon as the request is read. */
const PATH_TO_BODY: Readonly<Record<string, (body: JsonObject) => unknown>> = {
  '/embeddings': embeddingBody,
  '/rerank': rerankBody,
  '/moderations': moderationBody,
};
const NO_CLOCK_MS = Date.UTC(2025, 0, 1);

/**
 * The simulated models behind OpenAI's API, on a free port of 127.0.0.1: `/v1/models` and what each type of model is
 * asked at. Takes any key. Answers carry `simulated: { quality, task }` beside the usual members (in a stream on
 * each finish chunk): the label that a demonstration would otherwise have to ask people for.
 *
 * @param random Decides qualities and delays; requests with a `seed` use their own.
 * @param now Epoch milliseconds, for `created`; a fixed instant when absent.
 * @param speed Delays are divided by it; 0 or Infinity for none.
 * @param skillFactorOf What the skill of a chat model is multiplied by right now, for one that gets worse; 1 when absent.
 */
export async function startSimulatedServer(dependencies: {
  readonly random: Random;
  readonly now?: () => number;
  readonly speed?: number;
  readonly skillFactorOf?: (modelId: string) => number;
}): Promise<SimulatedServer> {
  const { random, now = () => NO_CLOCK_MS, speed = 1, skillFactorOf = () => 1 } = dependencies;
  const cachedTokensOf = createPromptCache();
  const startedAtSeconds = Math.floor(now() / 1000);

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').replace(/\?.*$/, '').replace(/^\/v1(?=\/)/, '');
    const isPost = request.method === 'POST';
    if (isPost && path === '/chat/completions') await respondToChat(request, response);
    else if (isPost && path === '/completions') await respondToText(request, response);
    else if (isPost && path === '/audio/speech') await respondToSpeech(request, response);
    else if (isPost && (path === '/audio/transcriptions' || path === '/audio/translations')) {
      await respondToRecording(request, response);
    } else if (isPost && path === '/images/generations') await respondToPainting(request, response);
    else if (isPost && Object.hasOwn(PATH_TO_BODY, path)) {
      const body = objectOf(await readJson(request));
      sendAtPace(body, response, () => PATH_TO_BODY[path]?.(body));
    } else if (request.method === 'GET' && path === '/models') {
      sendJson(response, 200, { object: 'list', data: SIMULATED_MODELS.map(({ id }) => modelBody(id)) });
    } else if (request.method === 'GET' && path.startsWith('/models/')) {
      const id = path.slice('/models/'.length);
      if (simulatedModel(id) === undefined) {
        throw new ApiError(404, 'No such model.', 'model', 'model_not_found');
      }
      sendJson(response, 200, modelBody(id));
    } else throw new ApiError(404, `Unknown request URL: ${request.method} ${path}.`, null, 'unknown_url');
  }

  async function respondToChat(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chat = readChatRequest(await readJson(request));
    const header = request.headers['x-simulated-task'];
    const taskHint = typeof header === 'string' ? header : undefined;
    const answer = answerChat(chat, taskHint, random, skillFactorOf(chat.model.id));
    const envelope: Envelope = {
      request: chat,
      answer,
      createdAtSeconds: Math.floor(now() / 1000),
      cachedTokens: cachedTokensOf(chat),
    };
    const pace = createPace(chat.model, speed, answer.random);
    if (chat.isStream) sendStream(envelope, pace, response);
    else {
      const longest = Math.max(...answer.choices.map((choice) => choice.tokens.length));
      const totalMs = pace.firstTokenMs + longest * pace.perTokenMs;
      pace.after(totalMs, response, () => sendJson(response, 200, completionBody(envelope)));
    }
  }

  async function respondToText(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const completion = completeText(objectOf(await readJson(request)), random, seconds());
    const pace = createPace(completion.model, speed, random);
    if (completion.isStream) {
      sendEvents(textCompletionEvents(completion), pace, response);
      return;
    }
    const longest = Math.max(...completion.choices.map(({ tokens }) => tokens.length));
    const totalMs = pace.firstTokenMs + longest * pace.perTokenMs;
    pace.after(totalMs, response, () => sendJson(response, 200, textCompletionBody(completion)));
  }

  async function respondToPainting(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = objectOf(await readJson(request));
    if (body.stream === true) {
      const events = pictureEvents(body, seconds());
      sendEvents(events, createPace(modelOfType(body, 'image'), speed, random), response);
    } else sendAtPace(body, response, () => picturesBody(body, seconds()));
  }

  async function respondToSpeech(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const speech = speak(objectOf(await readJson(request)));
    const pace = createPace(speech.model, speed, random);
    if (speech.events !== undefined) {
      sendEvents(speech.events, pace, response);
      return;
    }
    pace.after(pace.firstTokenMs, response, () => {
      response.writeHead(200, { 'content-type': speech.contentType });
      for (const piece of speech.pieces) response.write(piece);
      response.end();
    });
  }

  async function respondToRecording(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = await readForm(request.headers['content-type'], await readBody(request));
    const transcript = hear(form);
    const pace = createPace(transcript.model, speed, random);
    if (transcript.events !== undefined) {
      sendEvents(transcript.events, pace, response);
      return;
    }
    const { body } = transcript;
    pace.after(pace.firstTokenMs, response, () => {
      if (typeof body !== 'string') sendJson(response, 200, body);
      else response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(body);
    });
  }

  /** A whole answer after the model's own time to its first byte. */
  function sendAtPace(body: JsonObject, response: ServerResponse, make: () => unknown): void {
    const answer = make();
    const model = simulatedModel(textOf(body.model));
    // Whoever made an answer knew the model.
    if (model === undefined) throw new ApiError(404, 'No such model.', 'model', 'model_not_found');
    const pace = createPace(model, speed, random);
    pace.after(pace.firstTokenMs, response, () => sendJson(response, 200, answer));
  }

  const seconds = () => Math.floor(now() / 1000);

  function modelBody(id: string): Record<string, unknown> {
    return { id, object: 'model', created: startedAtSeconds, owned_by: 'outrider-simulated' };
  }

  const server = createServer((request, response) => {
    respond(request, response).catch((error: unknown) => {
      if (response.headersSent || response.destroyed) response.destroy();
      else if (error instanceof ApiError) sendJson(response, error.status, error.toBody());
      else sendJson(response, 500, new ApiError(500, 'The simulated model failed.').toBody());
    });
  });
  const cutSessions = serveRealtime(server, { random, speed });
  // Longer than the callers' own: a socket closed by both sides at once looks like a reset to the caller.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cutSessions();
        server.closeAllConnections();
      }),
  };
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const body = await readBody(request);
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new ApiError(400, 'The body is not valid JSON.');
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request) {
    bytes += piece.length;
    if (bytes > MOST_BODY_BYTES) throw new ApiError(413, 'The body is too large.');
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}
