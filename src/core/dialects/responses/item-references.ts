import { isObject, type JsonObject, listOf } from '../../wire/json-value.ts';
import { placeOfItem } from './output-items.ts';

/** The requests whose answers the input refers to, each once. */
export function referredRequests(input: unknown): Set<string> {
  const requestIds = new Set<string>();
  for (const item of listOf(input)) {
    if (!isObject(item) || item.role !== undefined || typeof item.id !== 'string') continue;
    if (item.type != null && item.type !== 'item_reference') continue;
    const place = placeOfItem(item.id);
    if (place) requestIds.add(place.requestId);
  }
  return requestIds;
}

/** @param outputs by request id */
export function itemIn(
  outputs: ReadonlyMap<string, readonly unknown[]>,
  itemId: string,
): JsonObject | undefined {
  const place = placeOfItem(itemId);
  const item = place && outputs.get(place.requestId)?.[place.outputIndex];
  return isObject(item) && item.id === itemId ? item : undefined;
}

/** Whether something in the input was answered by way of chat: its ids were made here, and no provider knows them. */
export function hasOwnItems(input: unknown): boolean {
  return listOf(input).some(
    (item) => isObject(item) && typeof item.id === 'string' && placeOfItem(item.id) !== undefined,
  );
}
