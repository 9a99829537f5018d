import type { ServerResponse } from 'node:http';
import type { Random } from '../../core/learning/random.ts';
import type { SimulatedModelFacts } from './catalog.ts';

/** How fast one answer comes. */
export interface Pace {
  readonly firstTokenMs: number;
  readonly perTokenMs: number;
  /** Runs at once when there is nothing to wait for, never once the caller has left. */
  after(delayMs: number, response: ServerResponse, action: () => void): void;
}

/** The model's own speed with ±20 % on the first token and ±10 % on the rest, divided by `speed`. */
export function createPace(model: SimulatedModelFacts, speed: number, random: Random): Pace {
  const factor = speed > 0 && Number.isFinite(speed) ? 1 / speed : 0;
  const perTokenMs = model.tokensPerSecond > 0 ? 1000 / model.tokensPerSecond : 0;
  return {
    firstTokenMs: model.ttftMs * (0.8 + 0.4 * random()) * factor,
    perTokenMs: perTokenMs * (0.9 + 0.2 * random()) * factor,
    after(delayMs, response, action) {
      if (response.destroyed) return;
      if (delayMs <= 0) {
        action();
        return;
      }
      const cancel = (): void => clearTimeout(timer);
      const timer = setTimeout(() => {
        response.off('close', cancel);
        action();
      }, delayMs);
      response.once('close', cancel);
    },
  };
}
