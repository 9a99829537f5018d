/**
 * Which language a text is in, from its script, its letters with marks and its commonest words. Reads at most
 * `EXAMINED` characters.
 */

const EXAMINED = 400;

/** Words so common that a sentence or two holds some, and that few other languages share. */
const COMMON_WORDS: Readonly<Record<string, string>> = {
  en: 'the of and to is that for it with as on are this you what how write my please an from can be i which me your will make give',
  de: 'der die das und ist nicht ein eine einen mit für auf den dem zu von wie was ich mir bitte es auch sich über kannst schreibe mein',
  fr: 'le la les et est une des du pour dans que qui sur avec pas je vous ce au il mon en moi comment quel quelle écris nous cette un',
  es: 'el la los las y es una del para con por que un como qué en no me mi se al lo cómo escribe cuál está más de esta',
  it: 'il la gli che e è una di per con non del della un sono come mi cosa le nel questo scrivi qual più lo si dei',
  pt: 'o os a as e é um uma do da para com que não em no na como por me meu qual você mais são escreva isso dos',
  nl: 'de het een en van is dat niet voor met op zijn te ik je wat hoe mijn deze naar schrijf kun kan aan ook',
  pl: 'i w na nie się jest z do to że jak co dla mi czy o jaki przez napisz po proszę od mnie ten',
  tr: 've bir bu için ne ile da de mi nasıl bana çok olarak var nedir daha gibi yaz mı ben kadar olan',
  sv: 'och är en ett att det som på för av inte med jag till den hur vad kan min du skriv om',
  da: 'og er en et at det som på for af ikke med jeg til den hvordan hvad kan min du skriv der',
  nb: 'og er en et å det som på for av ikke med jeg til den hvordan hva kan min du skriv',
  fi: 'ja on ei se että mitä miten kun oli tämä kirjoita minun voi ovat mutta joka minä',
  cs: 'a je se na v že to s jak co pro není jako mi si napiš by který jsem',
  hu: 'a az és hogy nem egy van ez mi meg is írj hogyan csak kell vagy',
  ro: 'și este în nu un o de la cu pe care să ce pentru mai din cum scrie',
  id: 'yang dan di untuk dengan ini itu adalah dari saya apa tidak ke pada dalam bagaimana tolong buat',
  vi: 'và là của có không một cho các được người này trong với tôi những như hãy viết',
};

/** Marked letters that point to one or a few languages; half a word's weight each. */
const MARKED_LETTERS: Readonly<Record<string, string>> = {
  de: 'äöüß',
  fr: 'éèêàçùœîô',
  es: 'ñ¿¡áíóúé',
  it: 'àèìòù',
  pt: 'ãõçáêâó',
  pl: 'ąęłśżźćń',
  tr: 'ğışçİ',
  sv: 'åäö',
  da: 'åæø',
  nb: 'åæø',
  fi: 'äö',
  cs: 'ěřůčšžý',
  hu: 'őűáé',
  ro: 'șțăîâ',
  vi: 'ạảấầẩậắặẹẻẽếềểệỉịọỏốồổộớờởợụủứừửữựỳđơư',
};

const LATIN_LANGUAGES = Object.keys(COMMON_WORDS);
const WORD_LANGUAGES = new Map<number, readonly number[]>();
const LETTER_LANGUAGES = new Map<number, readonly number[]>();
LATIN_LANGUAGES.forEach((language, index) => {
  for (const word of (COMMON_WORDS[language] ?? '').split(' ')) {
    const hash = hashOf(word);
    WORD_LANGUAGES.set(hash, [...(WORD_LANGUAGES.get(hash) ?? []), index]);
  }
  for (const letter of MARKED_LETTERS[language] ?? '') {
    const code = letter.charCodeAt(0);
    LETTER_LANGUAGES.set(code, [...(LETTER_LANGUAGES.get(code) ?? []), index]);
  }
});

const SCRIPTS: readonly (readonly [from: number, to: number, language: string])[] = [
  [0x370, 0x400, 'el'],
  [0x400, 0x530, 'ru'],
  [0x530, 0x590, 'hy'],
  [0x590, 0x600, 'he'],
  [0x600, 0x780, 'ar'],
  [0x900, 0x980, 'hi'],
  [0x980, 0xa00, 'bn'],
  [0xa00, 0xa80, 'pa'],
  [0xa80, 0xb00, 'gu'],
  [0xb80, 0xc00, 'ta'],
  [0xc00, 0xc80, 'te'],
  [0xc80, 0xd00, 'kn'],
  [0xd00, 0xd80, 'ml'],
  [0xd80, 0xe00, 'si'],
  [0xe00, 0xe80, 'th'],
  [0xe80, 0xf00, 'lo'],
  [0x1000, 0x10a0, 'my'],
  [0x10a0, 0x1100, 'ka'],
  [0x1100, 0x1200, 'ko'],
  [0x1200, 0x1380, 'am'],
  [0x1780, 0x1800, 'km'],
  [0x3040, 0x3100, 'ja'],
  [0x3400, 0xa000, 'zh'],
  [0xac00, 0xd7b0, 'ko'],
];

/** Letters that tell a language from the script's commonest one. */
const TELLING_LETTERS: Readonly<Record<string, string>> = {
  ...tell('іїєґ', 'uk'),
  ...tell('پچژگ', 'fa'),
  ...tell('ٹڈڑےہ', 'ur'),
};

const votes = new Float64Array(LATIN_LANGUAGES.length);

/** ISO 639-1, or `und` where nothing speaks for a language. */
export function detectLanguage(text: string): string {
  const end = Math.min(text.length, EXAMINED);
  const scripts = new Map<string, number>();
  votes.fill(0);
  let latin = 0;
  let word = 0;
  let wordLength = 0;
  let words = 0;
  let telling = '';
  for (let at = 0; at <= end; at += 1) {
    let code = at < end ? text.charCodeAt(at) : 0;
    if (code >= 65 && code <= 90) code += 32;
    else if (code >= 0xc0 && code <= 0xde && code !== 0xd7) code += 32;
    const isLatin =
      (code >= 97 && code <= 122) || (code >= 0xdf && code < 0x250) || (code >= 0x1e00 && code < 0x1f00);
    if (isLatin) {
      latin += 1;
      word = step(word, code);
      wordLength += 1;
      if (code > 127) vote(LETTER_LANGUAGES.get(code), 0.5);
      continue;
    }
    if (wordLength > 0) {
      if (wordLength < 9) vote(WORD_LANGUAGES.get(word), 1);
      words += 1;
      word = 0;
      wordLength = 0;
    }
    if (code === 0xbf || code === 0xa1) vote(LETTER_LANGUAGES.get(code), 2);
    if (code >= 0x370) {
      const language = scriptOf(code);
      if (language) {
        scripts.set(language, (scripts.get(language) ?? 0) + 1);
        telling ||= TELLING_LETTERS[String.fromCharCode(code)] ?? '';
      }
    }
  }
  return ofScript(scripts, latin, telling) ?? ofLatin(words);
}

function ofScript(scripts: ReadonlyMap<string, number>, latin: number, telling: string): string | undefined {
  let best: string | undefined;
  let most = 0;
  let total = 0;
  for (const [language, count] of scripts) {
    total += count;
    if (count > most) {
      most = count;
      best = language;
    }
  }
  // Names and code in Latin letters are common inside other scripts; a quoted foreign word is not a language.
  if (!best || total * 4 < latin) return undefined;
  // Japanese writes Chinese characters too: a fifth of kana decides.
  if (best === 'zh' && (scripts.get('ja') ?? 0) * 5 >= most) return 'ja';
  if ((best === 'ru' && telling === 'uk') || (best === 'ar' && telling !== 'uk' && telling !== ''))
    return telling;
  return best;
}

function ofLatin(words: number): string {
  let best = -1;
  let most = 0;
  votes.forEach((count, index) => {
    if (count > most) {
      most = count;
      best = index;
    }
  });
  // Less than one vote in twelve words is chance: code, names, a language not listed.
  return best >= 0 && most * 12 >= words ? (LATIN_LANGUAGES[best] ?? 'und') : 'und';
}

function vote(languages: readonly number[] | undefined, weight: number): void {
  if (!languages) return;
  for (const index of languages)
    votes[index] = (votes[index] as number) + weight / Math.sqrt(languages.length);
}

function scriptOf(code: number): string | undefined {
  for (const [from, to, language] of SCRIPTS) if (code >= from && code < to) return language;
  return undefined;
}

function hashOf(word: string): number {
  let hash = 0;
  for (let at = 0; at < word.length; at += 1) hash = step(hash, word.charCodeAt(at));
  return hash;
}

function step(hash: number, code: number): number {
  return (Math.imul(hash, 31) + code) | 0;
}

function tell(letters: string, language: string): Record<string, string> {
  return Object.fromEntries(Array.from(letters, (letter) => [letter, language]));
}
