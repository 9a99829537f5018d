import { describe, expect, it } from 'vitest';
import { isRefusal } from '../../../src/core/reward/refusal.ts';

describe('isRefusal', () => {
  it.each([
    "I'm sorry, but I can't help with that.",
    'I’m sorry, but I can’t assist with that request.',
    'Sorry, I cannot provide instructions for that.',
    "I can't help with that.",
    "\n\nI'm sorry, but I can't help with that.",
    "  \t“I can't help with that.”",
    "**I'm sorry**, but I can't help",
    '> *I cannot fulfill this request.*',
    'I cannot fulfill this request.',
    "I'm unable to assist with creating such content.",
    "I won't be able to help with this.",
    'As an AI language model, I cannot provide medical advice.',
    'Unfortunately, I am not able to generate that.',
    "I'm not comfortable writing that.",
    'I must respectfully decline.',
    'Es tut mir leid, aber ich kann dir dabei nicht helfen.',
    'Leider kann ich diese Anfrage nicht beantworten.',
    'Je suis désolé, mais je ne peux pas vous aider avec cette demande.',
    'Lo siento, pero no puedo ayudarte con eso.',
    'Desculpe, mas não posso ajudar com isso.',
    'Mi dispiace, ma non posso aiutarti con questa richiesta.',
    'Het spijt me, maar ik kan je daar niet mee helpen.',
    'Het spijt me, maar ik kan je hierbij niet helpen.',
    'Przepraszam, ale nie mogę w tym pomóc.',
    'Извините, но я не могу помочь с этим.',
    'Üzgünüm, bu konuda yardımcı olamam.',
    'عذراً، لا أستطيع المساعدة في ذلك.',
    'मुझे खेद है, लेकिन मैं इस अनुरोध में मदद नहीं कर सकता।',
    '抱歉，我无法协助满足该请求。',
    '很抱歉，我不能帮助你完成这个请求。',
    '申し訳ありませんが、そのご依頼にはお手伝いできません。',
    '죄송하지만 그 요청은 도와드릴 수 없습니다.',
  ])('declines: %s', (text) => {
    expect(isRefusal(text)).toBe(true);
  });

  it.each([
    "I'm sorry to hear that you lost your dog. Here is what helped others.",
    "I can't find a bug in this code; it is correct.",
    "I can't help but notice that the loop is off by one.",
    'I cannot stress enough how important backups are.',
    'Sorry for the confusion! The answer is 42.',
    "sI can't help with that.",
    'The function cannot help with sorting.',
    'Unfortunately, the train leaves at six.',
    'Leider regnet es morgen.',
    'Ich kann nicht finden, wo der Fehler liegt, denn der Code ist richtig.',
    'Je ne peux pas croire que ce soit déjà fini.',
    'No puedo creerlo: ¡ganamos!',
    'Lo siento es una canción de Laura Pausini.',
    '抱歉这个词的意思是 sorry。',
    '对不起，我爱你。',
    'すみません、駅はどこですか。',
    '죄송합니다는 sorry라는 뜻입니다.',
    'Извините за опоздание.',
    'Paris.',
    '',
  ])('does not decline: %s', (text) => {
    expect(isRefusal(text)).toBe(false);
  });

  it('takes a long answer that begins with an apology for an answer', () => {
    const long = `I'm sorry, but I can't help with that exactly. ${'Here is what you can do instead. '.repeat(20)}`;
    expect(isRefusal(long)).toBe(false);
  });
});
