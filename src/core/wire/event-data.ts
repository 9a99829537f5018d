/**
 * The `data` of whole server-sent events, in order, as they are defined: lines may end in CR, LF or both, and several
 * data lines are one text.
 *
 * @param events whole events, each with the blank line that ends it
 */
export function dataOfEvents(events: string): string[] {
  const payloads: string[] = [];
  let data: string | undefined;
  for (const line of events.split(/\r\n|\n|\r/)) {
    if (line === '') {
      if (data !== undefined) payloads.push(data);
      data = undefined;
      continue;
    }
    if (!line.startsWith('data:')) continue;
    const value = line.slice(line[5] === ' ' ? 6 : 5);
    data = data === undefined ? value : `${data}\n${value}`;
  }
  if (data !== undefined) payloads.push(data);
  return payloads;
}
