/** Of a recording whose format says nothing about its length at its beginning: 128 kbit/s, as most MP3 files have. */
const USUAL_BYTES_PER_SECOND = 16_000;
const HEADER_BYTES = 44;

/**
 * About how long a recording is, in seconds. Exact for a plain WAV file, whose header says how many bytes a second has; else
 * by the usual rate: what it is charged is settled by what the provider says.
 *
 * @param head the first bytes of the file
 */
export function audioSeconds(head: Buffer, bytes: number): number {
  const isWav =
    head.length >= HEADER_BYTES &&
    head.toString('latin1', 0, 4) === 'RIFF' &&
    head.toString('latin1', 8, 16) === 'WAVEfmt ';
  const bytesPerSecond = isWav ? head.readUInt32LE(28) : 0;
  return bytes / (bytesPerSecond > 0 ? bytesPerSecond : USUAL_BYTES_PER_SECOND);
}
