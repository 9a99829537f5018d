import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { WebSocket, WebSocketServer } from 'ws';
import type { FrameSocket } from '../../core/wire/frame-socket.ts';
import type { ClientLine } from '../../gateway/request/job.ts';
import { rateLimitHeaders } from '../admission/rate-limits.ts';

/** A WebSocket's client waits for its answer before it sends anything. */
const MAX_EARLY_BYTES = 64 * 1024;

/** A request for a WebSocket that has not been answered yet. */
export interface PendingUpgrade {
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** The client's end of a session: let in when a provider has taken it, refused by a plain answer until then. */
export class SessionLine implements ClientLine {
  readonly #reply: FastifyReply;
  readonly #upgrade: PendingUpgrade;
  readonly #server: WebSocketServer;
  readonly #headersOf: WeakMap<IncomingMessage, Readonly<Record<string, string>>>;
  #frames: WebSocket | undefined;
  #hasLeft: boolean;
  #leftCallbacks: (() => void)[] = [];
  readonly #earlyPieces: Buffer[] = [];
  #earlyBytes = 0;
  readonly #early = (piece: Buffer) => {
    this.#earlyPieces.push(piece);
    this.#earlyBytes += piece.length;
    if (this.#earlyBytes > MAX_EARLY_BYTES) this.#upgrade.socket.destroy();
  };

  /** @param headersOf where `server` looks for the headers of the answer that opens a session */
  constructor(
    reply: FastifyReply,
    upgrade: PendingUpgrade,
    server: WebSocketServer,
    headersOf: WeakMap<IncomingMessage, Readonly<Record<string, string>>>,
  ) {
    this.#reply = reply;
    this.#upgrade = upgrade;
    this.#server = server;
    this.#headersOf = headersOf;
    this.#hasLeft = upgrade.socket.destroyed;
    const leave = () => {
      if (this.#frames !== undefined) return;
      this.#hasLeft = true;
      for (const callback of this.#leftCallbacks) callback();
      this.#leftCallbacks = [];
    };
    upgrade.socket.once('close', leave);
    // Nobody hears that a client has gone on a connection that nobody reads. What it sends too early waits.
    upgrade.socket.on('data', this.#early);
    // Whoever ends its side before it was let in has left as well.
    upgrade.socket.once('end', leave);
  }

  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  get isOpen(): boolean {
    return this.#frames !== undefined;
  }

  onLeft(callback: () => void): void {
    this.#leftCallbacks.push(callback);
  }

  startStream(headers: Readonly<Record<string, string>>): void {
    const { raw } = this.#reply.request;
    this.#reply.hijack();
    this.#headersOf.set(raw, {
      ...(this.#reply.getHeaders() as Record<string, string>),
      ...rateLimitHeaders(this.#reply.request),
      ...headers,
    });
    const { socket, head } = this.#upgrade;
    socket.off('data', this.#early);
    this.#server.handleUpgrade(raw, socket, Buffer.concat([head, ...this.#earlyPieces]), (frames) => {
      this.#frames = frames;
    });
    if (this.#frames === undefined) this.#hasLeft = true;
  }

  frames(): FrameSocket | undefined {
    return this.#frames;
  }

  /** What is said in a session is said by its frames. */
  write(): boolean {
    return true;
  }

  onceDrained(callback: () => void): void {
    callback();
  }

  /** Whoever ended the session has closed it, with a code that says why. */
  end(): void {}

  cut(): void {}
}
