import { type LanguageWords, listed } from './language-words.js';

export const es: LanguageWords = {
  stop: listed(`
    el la los las lo un una uno unos unas este esta esto estos estas ese esa eso esos esas aquel aquella
    yo tú él ella nosotros ustedes usted ellos ellas me te se le les nos mi mis tu tus su sus nuestro nuestra nuestros nuestras
    que qué quien quién quienes cual cuál cuales cuáles como cómo cuando cuándo donde dónde cuanto cuánto cuanta cuánta cuantos
    cuántos cuantas cuántas
    es son era eran fue fueron ser soy eres somos está están estoy estás estamos estar he ha has hay han había
    tiene tienen puede pueden
    a al de del en por para con sin sobre entre desde hasta según durante
    y e o u ni pero si porque aunque pues también
    no sí muy más menos ya`),
  asking: listed('hola gracias favor quiero puedo tengo'),
  abbreviations: listed('sr sra srta dr dra prof ud uds p.ej ej etc aprox ee.uu avda'),
  numbered: listed('núm nº art pág págs vol cap'),
};
