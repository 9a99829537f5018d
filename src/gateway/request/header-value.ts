const UNFIT = /[^\x20-\x7e]/;

/**
 * A name as a header may carry it: what is not printable ASCII percent-encoded as UTF-8, and then `%` as well. Node
 * refuses such characters at the moment of sending, when the answer is paid for.
 */
export function headerValue(text: string): string {
  return UNFIT.test(text) ? text.replace(/[^\x20-\x24\x26-\x7e]+/g, percentEncoded) : text;
}

function percentEncoded(run: string): string {
  return Array.from(Buffer.from(run), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(
    '',
  );
}
