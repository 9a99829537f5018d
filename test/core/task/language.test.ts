import { expect, it } from 'vitest';
import { detectLanguage } from '../../../src/core/task/language.ts';

const SENTENCES: readonly (readonly [language: string, text: string])[] = [
  ['en', 'What is the best way to learn about birds in the garden?'],
  ['de', 'Kannst du mir bitte erklären, wie das mit der Steuer ist?'],
  ['fr', 'Comment est-ce que je peux aller à la gare avec mon vélo ?'],
  ['es', '¿Cómo puedo llegar a la estación con mi bicicleta?'],
  ['it', 'Come posso andare alla stazione con la mia bicicletta, che è rotta?'],
  ['pt', 'Você pode me dizer o que fazer em uma situação como esta? Não sei.'],
  ['nl', 'Kun je mij vertellen hoe ik het beste naar het station kan gaan?'],
  ['pl', 'Czy możesz mi powiedzieć, jak dojść do dworca i co to jest?'],
  ['tr', 'Bana bu konuda nasıl yardımcı olabilirsin, çok teşekkür ederim'],
  ['ru', 'Как мне лучше всего доехать до вокзала?'],
  ['uk', 'Як мені краще доїхати до вокзалу, і чи є їжа?'],
  ['zh', '请告诉我怎么去火车站。'],
  ['ja', '駅への行き方を教えてください。'],
  ['ko', '역까지 어떻게 가는지 알려 주세요.'],
  ['ar', 'كيف أصل إلى محطة القطار من فضلك؟'],
  ['fa', 'چگونه می‌توانم به ایستگاه بروم؟'],
  ['hi', 'कृपया बताइए कि स्टेशन कैसे जाएँ।'],
  ['th', 'ไปสถานีรถไฟอย่างไร'],
  ['el', 'Πώς μπορώ να πάω στον σταθμό;'],
  ['he', 'איך מגיעים לתחנת הרכבת?'],
];

it.each(SENTENCES)('recognises %s', (language, text) => {
  expect(detectLanguage(text)).toBe(language);
});

it('goes by the larger script, not by a quoted word', () => {
  expect(detectLanguage('What does the word привет mean, and how do I answer to that?')).toBe('en');
  expect(detectLanguage('请用 Python 写一个函数，读取 JSON 文件并输出结果')).toBe('zh');
});

it('is und where nothing speaks for a language', () => {
  for (const text of ['', '12345', '{}();', 'xyzzy plugh', '🙂🙂']) expect(detectLanguage(text)).toBe('und');
});
