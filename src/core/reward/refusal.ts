/** Longer answers that begin with an apology mostly go on to help. */
const MAX_REFUSAL_CHARACTERS = 600;

/**
 * How refusals begin. Conservative: "I can't" alone is no refusal ("I can't find a bug"), it takes the verb of the
 * service denied; "I'm sorry" alone is sympathy.
 */
const OPENINGS = [
  // English
  /(?:(?:i['’]m |i am )?(?:very |so |really |terribly )?sorry,?(?: but)?,? |i apologi[sz]e,?(?: but)?,? |unfortunately,? |my apologies,?(?: but)?,? |as an ai(?: language)?(?: model| assistant)?,? )?i(?:['’]m| am)? ?(?:can(?:no|['’])t|can not|won['’]t|will not|(?:not able|unable) to|must decline to|not (?:comfortable|willing) (?:to |with )?)[ ,]*(?:be able to |in good conscience )?(?:help(?! but)|assist|provid|creat|generat|writ|compl(?:y|ete (?:that|this) request)|fulfil|do that|engag|support (?:that|this)|shar(?:e|ing) (?:that|this)|produc|participat|offer (?:that|this|advice|guidance)|answer (?:that|this)|discuss (?:that|this))/iu,
  /i must (?:respectfully )?decline\b/iu,
  // German
  /(?:(?:es )?tut mir (?:sehr )?leid,?(?: aber)? |entschuldigung,?(?: aber)? |leider )?(?:ich kann|kann ich|ich darf|darf ich) (?:ihnen |dir )?(?:dabei |damit |bei dieser (?:anfrage|bitte) |das |diese (?:anfrage|bitte) |diesem wunsch )(?:leider )?nicht (?:helfen|weiterhelfen|behilflich|unterstützen|tun|beantworten|erfüllen|nachkommen)/iu,
  // French
  /(?:(?:je suis |je )?(?:désolée?|regrette),?(?: mais)? )?je ne (?:peux|suis) pas (?:en mesure de )?(?:vous |t['’])?(?:aider|assister|fournir|répondre à (?:cette|votre)|accéder à|créer|générer)/iu,
  // Spanish, Portuguese, Italian, Dutch
  /(?:lo siento,?(?: pero)? |lamento |lo lamento,?(?: pero)? )?no (?:puedo|me es posible) (?:ayudar|asistir|proporcionar|cumplir|responder a (?:esa|esta)|generar|crear)/iu,
  /(?:(?:sinto muito|desculpe|lamento),?(?: mas)? )?(?:eu )?não posso (?:ajudar|te ajudar|ajudá|fornecer|atender|cumprir|responder a (?:essa|esta)|criar|gerar)/iu,
  /(?:mi dispiace,?(?: ma)? )?non posso (?:aiutar|assister|fornir|soddisfare|rispondere a (?:questa|tale)|creare|generare)/iu,
  /(?:het spijt me,?(?: maar)? |sorry,?(?: maar)? )?ik kan (?:je |u )?(?:hier|daar)(?:bij|mee)? niet (?:bij |mee )?(?:helpen|assisteren)/iu,
  // Polish, Russian, Turkish, Arabic, Hindi
  /(?:przepraszam|przykro mi),?(?: ale)? nie mogę (?:w tym |ci |tego )?(?:pomóc|spełnić|zrobić)/iu,
  /(?:(?:извините|простите|к сожалению),?(?: но)? )?я не могу (?:вам |тебе )?(?:с этим |в этом )?(?:помочь|выполнить (?:эту|этот|данн)|предоставить|ответить на этот)/iu,
  /(?:üzgünüm|maalesef|özür dilerim),?(?: ancak| ama)? (?:bu (?:konuda|isteğ\S*|talebi\S*) )?(?:size )?yardımcı olamam/iu,
  /(?:عذر[اًا]+|آسف|أعتذر|أنا آسف)[،,]? ?(?:لكن(?:ني)? )?لا (?:أستطيع|يمكنني) (?:المساعدة|مساعدتك|تقديم|تلبية)/iu,
  /(?:मुझे खेद है|क्षमा करें|माफ़ कीजिए),? (?:लेकिन )?(?:मैं )?(?:इस|इसमें|आपकी)[^।.]{0,40}(?:नहीं कर सकत|मदद नहीं)/iu,
  // Chinese, Japanese, Korean
  /(?:很?抱歉|对不起|對不起|不好意思)[，,]? ?(?:但?我)?(?:无法|無法|不能|沒辦法|没办法)(?:为您|為您|帮|幫|协助|協助|提供|满足|滿足|回答(?:这|這|该|該)|完成(?:这|這|该|該)|生成)/iu,
  /(?:申し訳(?:ありません|ございません)(?:が)?|すみません(?:が)?|ごめんなさい)[、,。]? ?(?:その|この|ご)?[^。]{0,24}(?:お手伝い(?:は|を)?(?:することは)?(?:でき|いたしかね)|お答え(?:は|を)?(?:することは)?(?:でき|いたしかね)|応じ(?:ることは|られ)(?:でき)?|ご要望にはお応えでき)/iu,
  /(?:죄송(?:합니다|하지만|해요)[,.]? ?(?:하지만 |만 )?)[^.]{0,24}(?:도와드릴 수 없|도움을 드릴 수 없|제공(?:할|해 드릴) 수 없|답변(?:할|을 드릴|해 드릴) 수 없|응할 수 없)/iu,
];
/** Openings are matched in plain text: markdown's emphasis in the middle of one would hide it. */
const EMPHASIS = /\*\*|__/g;
const REFUSAL = new RegExp(`^[\\s"'“„«>#*_]*(?:${OPENINGS.map(({ source }) => source).join('|')})`, 'iu');

/** Whether a text is short and opens by declining the request, in one of sixteen languages. */
export function isRefusal(text: string): boolean {
  return text.length <= MAX_REFUSAL_CHARACTERS && REFUSAL.test(text.replace(EMPHASIS, ''));
}
