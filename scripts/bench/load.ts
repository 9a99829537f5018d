import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { createFraming } from './framing.ts';

export interface LoadResult {
  /** Answers that came inside the window. */
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Pieces that one answer arrived in, on average. */
  readonly piecesPerAnswer: number;
}

const RAMP_MS = 400;
/** Latencies kept of one window; further ones only count. */
const MAX_SAMPLES = 1_000_000;

/**
 * Keeps `connections` requests in flight for `seconds`, each connection sending its next one when the last was
 * answered, and measures the window after a short ramp.
 *
 * @param options.onWindow called where the window begins and where it ends
 * @throws when an answer is not a 200, a connection breaks, or nothing comes for 10 s
 */
export async function runLoad(options: {
  readonly port: number;
  readonly requests: readonly Buffer[];
  readonly connections: number;
  readonly seconds: number;
  readonly onWindow?: (edge: 'start' | 'end') => void;
}): Promise<LoadResult> {
  const { requests, connections, onWindow } = options;
  const samples: number[] = [];
  let phase: 'ramp' | 'window' | 'over' = 'ramp';
  let answered = 0;
  let pieces = 0;
  let turn = 0;
  let lastAnswerMs = performance.now();
  const sockets = new Set<Socket>();

  const open = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect({ port: options.port, host: '127.0.0.1', noDelay: true });
      sockets.add(socket);
      let sentMs = 0;
      const send = () => {
        sentMs = performance.now();
        turn = (turn + 1) % requests.length;
        socket.write(requests[turn] as Buffer);
      };
      const framing = createFraming((message) => {
        if (!message.head.startsWith('HTTP/1.1 200')) {
          reject(new Error(`an answer was no 200: ${message.head.slice(0, 60)} ${message.body}`));
          return;
        }
        lastAnswerMs = performance.now();
        if (phase === 'window') {
          answered += 1;
          pieces += message.pieces;
          if (samples.length < MAX_SAMPLES) samples.push(lastAnswerMs - sentMs);
        }
        if (phase === 'over') resolve();
        else send();
      });
      socket.on('connect', send);
      socket.on('data', framing);
      socket.on('error', reject);
      socket.on('close', () => reject(new Error('a connection was closed')));
    });

  const watchdog = setInterval(() => {
    if (performance.now() - lastAnswerMs < 10_000) return;
    for (const socket of sockets) socket.destroy(new Error('no answer for 10 s'));
  }, 1000);
  try {
    const all = Promise.all(Array.from({ length: connections }, open));
    await Promise.race([all, pause(RAMP_MS)]);
    phase = 'window';
    onWindow?.('start');
    const startedMs = performance.now();
    await Promise.race([all, pause(options.seconds * 1000)]);
    phase = 'over';
    onWindow?.('end');
    const seconds = (performance.now() - startedMs) / 1000;
    await all;
    samples.sort((one, other) => one - other);
    const quantile = (share: number) => samples[Math.floor(share * (samples.length - 1))] ?? 0;
    return {
      requests: answered,
      seconds,
      p50Ms: quantile(0.5),
      p99Ms: quantile(0.99),
      piecesPerAnswer: answered === 0 ? 0 : pieces / answered,
    };
  } finally {
    clearInterval(watchdog);
    for (const socket of sockets) {
      socket.removeAllListeners('close');
      socket.destroy();
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
