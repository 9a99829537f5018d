/**
 * Rows of a CSV text (RFC 4180: quoted fields, doubled quotes, CRLF), the first row being the header.
 *
 * @throws Error naming the line, when a quote stays open or a row is shorter or longer than the header.
 */
export function readCsv(
  text: string,
  source: string,
): { readonly header: string[]; readonly rows: string[][] } {
  const rows: string[][] = [];
  let header: string[] | undefined;
  let position = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  let line = 1;
  while (position < text.length) {
    const row: string[] = [];
    const startLine = line;
    let isRowOpen = true;
    while (isRowOpen) {
      if (text[position] === '"') row.push(quotedField(startLine));
      else row.push(plainField());
      isRowOpen = text[position] === ',';
      if (isRowOpen) position += 1;
    }
    if (text[position] === '\r') position += 1;
    if (text[position] === '\n') position += 1;
    else if (position < text.length) throw new Error(`${source}, line ${line}: text after a closing quote`);
    line += 1;
    if (row.length === 1 && row[0] === '') continue;
    if (header === undefined) header = row;
    else if (row.length === header.length) rows.push(row);
    else {
      throw new Error(
        `${source}, line ${startLine}: ${row.length} fields where the header has ${header.length}`,
      );
    }
  }
  return { header: header ?? [], rows };

  function plainField(): string {
    const start = position;
    while (position < text.length && !',\r\n'.includes(text[position] as string)) position += 1;
    return text.slice(start, position);
  }

  function quotedField(startLine: number): string {
    let field = '';
    position += 1;
    for (;;) {
      const end = text.indexOf('"', position);
      if (end < 0) throw new Error(`${source}, line ${startLine}: a quote is never closed`);
      const piece = text.slice(position, end);
      line += piece.split('\n').length - 1;
      field += piece;
      position = end + 1;
      if (text[position] !== '"') return field;
      field += '"';
      position += 1;
    }
  }
}
