import { type LanguageWords, listed } from './language-words.js';

export const de: LanguageWords = {
  stop: listed(`
    der die das den dem des ein eine einen einem einer eines dieser diese dieses diesen diesem
    ich du er sie es wir ihr man mich mir dich dir ihn ihm ihnen uns euch sich
    mein meine meinen meinem meiner dein deine deinen deinem deiner sein seine seinen seinem seiner ihre ihren ihrem ihrer
    unser unsere unseren unserem unserer euer eure
    wer wen wem wessen was welche welcher welches welchen welchem wie wo wohin woher wann warum
    bin bist ist sind seid war waren werden wird wurde wurden habe hast hat haben hatte hatten
    konnten können müssen mussten soll sollte sollen will
    an am auf aus bei beim bis durch für gegen im in ins mit nach ohne seit über um unter vom von vor zu zum zur zwischen
    und oder aber doch denn wenn weil dass ob als sowie auch
    nicht kein keine keinen nur noch schon so sehr`),
  asking: listed('bitte hallo danke gibt kann kannst könnte möchte muss'),
  abbreviations: listed('bzw z.b d.h u.a ca dr prof ggf inkl exkl zzgl evtl vgl str tel'),
  numbered: listed('nr art abs kap'),
};
