/** How verdicts of the built-in judge are called beside those of clients: each model, and each way of asking it, is a source of its own. */
export function judgeSourceName(settings: {
  readonly model: string;
  readonly mode: 'rubric' | 'pairwise';
}): string {
  const { model, mode } = settings;
  return mode === 'rubric' ? `outrider_judge:${model}` : `outrider_judge:${model}:${mode}`;
}
