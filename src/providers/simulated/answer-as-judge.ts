import { JUDGE_OPENINGS, markedText } from '../../core/judge/judge-prompt.ts';
import type { Random } from '../../core/learning/random.ts';
import { textOf } from '../../core/wire/json-value.ts';
import { gradeText } from './answer-text.ts';
import type { ChatRequest } from './chat-request.ts';

/** Grades closer than this are a tie. */
const TIE = 0.15;

/**
 * The verdict of a simulated model that is asked to judge, as JSON; undefined for any other request. It looks at what
 * stands between the markers and nothing else, and is wrong the more often the less it knows.
 */
export function answerAsJudge(request: ChatRequest, random: Random): string | undefined {
  const [system, user] = request.messages.map(({ content }) => textOf(content));
  if (system === undefined || user === undefined) return undefined;
  const nonce = /bear the word (\w+)\./.exec(system)?.[1] ?? '';
  const prompt = lastTurnOf(markedText(user, 'request', nonce) ?? '');
  const grade = (name: string) => gradeText(prompt, markedText(user, name, nonce) ?? '', random);
  const isWrong = random() < (1 - (request.model.taskToSkill.unknown ?? 0.5)) / 2;
  if (system.startsWith(JUDGE_OPENINGS.rubric)) {
    const score = grade('answer');
    return JSON.stringify({ score: isWrong ? 1 - score : score });
  }
  if (!system.startsWith(JUDGE_OPENINGS.pairwise)) return undefined;
  const lead = (grade('first') - grade('second')) * (isWrong ? -1 : 1);
  return JSON.stringify({ better: lead > TIE ? 'first' : lead < -TIE ? 'second' : 'tie' });
}

function lastTurnOf(transcript: string): string {
  const mark = '[user]\n';
  const start = transcript.lastIndexOf(mark);
  return start < 0 ? transcript : transcript.slice(start + mark.length);
}
