import { readCsv } from '../../src/core/evaluation/read-csv.ts';

/** Milliseconds of a model that was never timed: what the router itself takes for a start. */
const UNTIMED = { interceptMs: 600, msPerToken: 12 };

/**
 * How long an answer of so many tokens takes, by model.
 *
 * @param csv with the columns model, intercept_ms and ms_per_out_token; undefined: nobody was timed
 */
export function latencyProfile(
  csv: string | undefined,
  source: string,
): (model: string, outputTokens: number) => number {
  const modelToTiming = new Map<string, typeof UNTIMED>();
  if (csv !== undefined) {
    const { header, rows } = readCsv(csv, source);
    const field = (row: readonly string[], name: string) => row[header.indexOf(name)] ?? '';
    for (const row of rows) {
      const interceptMs = Number(field(row, 'intercept_ms'));
      const msPerToken = Number(field(row, 'ms_per_out_token'));
      if (interceptMs >= 0 && msPerToken > 0)
        modelToTiming.set(field(row, 'model'), { interceptMs, msPerToken });
    }
  }
  return (model, outputTokens) => {
    const { interceptMs, msPerToken } = modelToTiming.get(model) ?? UNTIMED;
    return interceptMs + msPerToken * outputTokens;
  };
}
