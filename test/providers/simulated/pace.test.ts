import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { simulatedModel } from '../../../src/providers/simulated/catalog.ts';
import { createPace } from '../../../src/providers/simulated/pace.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function newResponse(): ServerResponse {
  return new ServerResponse(new IncomingMessage(new Socket()));
}

function paceOf(speed: number) {
  const model = simulatedModel('sim-atlas-large');
  if (model === undefined) throw new Error('no such model');
  return createPace(model, speed, () => 0.5);
}

test('the model sets the pace, speed divides it', () => {
  expect(paceOf(1)).toMatchObject({ firstTokenMs: 400, perTokenMs: 12.5 });
  expect(paceOf(4)).toMatchObject({ firstTokenMs: 100, perTokenMs: 3.125 });
});

test.each([0, Number.POSITIVE_INFINITY])('speed %d waits for nothing', (speed) => {
  const action = vi.fn();
  const pace = paceOf(speed);
  pace.after(pace.firstTokenMs, newResponse(), action);
  expect(action).toHaveBeenCalledOnce();
});

test('waits its time, once', () => {
  const action = vi.fn();
  const response = newResponse();
  paceOf(1).after(400, response, action);
  vi.advanceTimersByTime(399);
  expect(action).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(action).toHaveBeenCalledOnce();
  expect(response.listenerCount('close')).toBe(0);
});

test('a caller who leaves stops the clock', () => {
  const action = vi.fn();
  const response = newResponse();
  paceOf(1).after(400, response, action);
  response.emit('close');
  expect(vi.getTimerCount()).toBe(0);
  response.destroy();
  paceOf(1).after(400, response, action);
  expect(vi.getTimerCount()).toBe(0);
  expect(action).not.toHaveBeenCalled();
});
