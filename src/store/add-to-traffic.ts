import { type Steps, write } from './database.ts';
import { reopenDay, reopenings } from './roll-up.ts';
import { addTraffic, type TrafficRow } from './statements.ts';

/** The one way into `traffic_hours`: what is summed up of a day that changes is summed up anew. */
export function* addToTraffic(rows: readonly TrafficRow[]): Steps<void> {
  yield* write(addTraffic, rows);
  yield* write(reopenDay, reopenings(rows));
}
