/** What speaks for a language: its commonest words, letters with marks, its script. */

/** Words so common that a sentence or two holds some, and that few other languages share. */
export const COMMON_WORDS: Readonly<Record<string, string>> = {
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
export const MARKED_LETTERS: Readonly<Record<string, string>> = {
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

/** Blocks of characters, in steps of 16, and the language they are mostly used for. */
export const SCRIPTS: readonly (readonly [from: number, to: number, language: string])[] = [
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
export const TELLING_LETTERS: Readonly<Record<string, string>> = {
  uk: 'іїєґ',
  fa: 'پچژگ',
  ur: 'ٹڈڑےہ',
};
