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

const SCRIPT_LANGUAGES = [...new Set(SCRIPTS.map(([, , language]) => language))];
const JAPANESE = SCRIPT_LANGUAGES.indexOf('ja') + 1;
/** Code >> 4 → 1 + index in `SCRIPT_LANGUAGES`: a search of the list for every character took most of the time. */
const SCRIPT_OF_PAGE = new Uint8Array(4_096);
for (const [from, to, language] of SCRIPTS) {
  SCRIPT_OF_PAGE.fill(SCRIPT_LANGUAGES.indexOf(language) + 1, from >> 4, to >> 4);
}

/** Letters that tell a language from the script's commonest one. */
const TELLING_LETTERS: ReadonlyMap<number, string> = new Map([
  ...tell('іїєґ', 'uk'),
  ...tell('پچژگ', 'fa'),
  ...tell('ٹڈڑےہ', 'ur'),
]);

// Synchronous, never handed out.
const votes = new Float64Array(LATIN_LANGUAGES.length);
const scripts = new Uint16Array(1 + SCRIPT_LANGUAGES.length);

/** ISO 639-1, or `und` where nothing speaks for a language. */
export function detectLanguage(text: string): string {
  const end = Math.min(text.length, EXAMINED);
  scripts.fill(0);
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
      const script = SCRIPT_OF_PAGE[code >> 4] as number;
      if (script !== 0) {
        scripts[script] = (scripts[script] as number) + 1;
        if (code < 0x700 && code > 0x450) telling ||= TELLING_LETTERS.get(code) ?? '';
      }
    }
  }
  return ofScript(latin, telling) ?? ofLatin(words);
}

function ofScript(latin: number, telling: string): string | undefined {
  let bestScript = 0;
  let most = 0;
  let total = 0;
  for (let script = 1; script < scripts.length; script += 1) {
    const count = scripts[script] as number;
    total += count;
    if (count > most) {
      most = count;
      bestScript = script;
    }
  }
  const best = SCRIPT_LANGUAGES[bestScript - 1];
  // Names and code in Latin letters are common inside other scripts; a quoted foreign word is not a language.
  if (!best || total * 4 < latin) return undefined;
  // Japanese writes Chinese characters too: a fifth of kana decides.
  if (best === 'zh' && (scripts[JAPANESE] as number) * 5 >= most) return 'ja';
  if ((best === 'ru' && telling === 'uk') || (best === 'ar' && telling !== 'uk' && telling !== ''))
    return telling;
  return best;
}

function ofLatin(words: number): string {
  let best = -1;
  let most = 0;
  for (let index = 0; index < votes.length; index += 1) {
    const count = votes[index] as number;
    if (count > most) {
      most = count;
      best = index;
    }
  }
  // Less than one vote in twelve words is chance: code, names, a language not listed.
  return best >= 0 && most * 12 >= words ? (LATIN_LANGUAGES[best] ?? 'und') : 'und';
}

function vote(languages: readonly number[] | undefined, weight: number): void {
  if (!languages) return;
  for (const index of languages)
    votes[index] = (votes[index] as number) + weight / Math.sqrt(languages.length);
}

function hashOf(word: string): number {
  let hash = 0;
  for (let at = 0; at < word.length; at += 1) hash = step(hash, word.charCodeAt(at));
  return hash;
}

function step(hash: number, code: number): number {
  return (Math.imul(hash, 31) + code) | 0;
}

function tell(letters: string, language: string): [number, string][] {
  return Array.from(letters, (letter) => [letter.charCodeAt(0), language]);
}
