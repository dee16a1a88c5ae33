import { type LanguageWords, listed } from './language-words.js';

export const en: LanguageWords = {
  stop: listed(`
    a an the this that these those such each any all both either neither some no other own same only
    i me my mine we us our ours you your yours he him his she her hers it its they them their theirs one
    who whom whose what which when where why how
    am is are was were be been being do does did doing done have has had having
    can could may might must shall should will would
    of in on at by for with from to into onto about as than after again before between down during off out over through
    under until up upon without within since
    and or but if so nor then while because though although unless besides also additionally
    not very too just more most once still even yet there here yes
    s t d ll m re ve im id ill ive youre youve hes shes theyre whats hows wheres whens whos thats theres lets
    isnt arent wasnt werent dont doesnt didnt havent hasnt cant couldnt wont wouldnt shouldnt`),
  asking: listed(
    'please hello hi hey thanks thank get got give go going know let like make much need now tell thing want',
  ),
  abbreviations: listed('e.g i.e etc vs cf approx dr mr mrs ms prof st inc ltd co'),
  numbered: listed('no nos nr fig art sec vol p pp ch'),
};
