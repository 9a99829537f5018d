/**
 * One end of a WebSocket that is open, as far as frames are passed between two of them: what the package `ws` hands out,
 * named here because neither side of the house may know the other's.
 */
export interface FrameSocket {
  /** 1 while frames can be sent. */
  readonly readyState: number;
  /** Bytes that were sent and not yet taken by the network. */
  readonly bufferedAmount: number;
  readonly isPaused: boolean;
  send(data: Buffer | string, options: { readonly binary: boolean }, taken: () => void): void;
  ping(): void;
  pause(): void;
  resume(): void;
  close(code?: number, reason?: string): void;
  /** Without a word. */
  terminate(): void;
  on(event: string, listener: (...values: never[]) => void): unknown;
}

export const OPEN_STATE = 1;
