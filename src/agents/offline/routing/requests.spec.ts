import { saysNeverMind, saysYesOrNo, wantsPerson } from './requests.js';
import { processorMs } from '../../../../test/support/processor-time.js';

describe('wantsPerson', () => {
  it.each([
    'I want to speak to a real person please',
    'Can I talk to a human?',
    'connect me with an agent',
    'Please transfer me to customer service',
    'human please',
    'I do not want to talk to a bot, I want a human',
    'Could I chat with someone from your support team?',
    'get me a live agent',
    'Quiero hablar con una persona',
    'necesito un agente humano',
    'Ich möchte mit einem Mitarbeiter sprechen',
    'Kann ich bitte mit einem echten Menschen reden?',
    'Verbinden Sie mich mit einem Berater',
    'I’m tired of talking to a bot',
    'stop, I do not want to talk to a machine',
    'how do I speak to someone from support?',
    'we would like to speak with your manager',
    'Let me talk to a person',
    'I want a human',
    'Please escalate this',
    'Quisiera hablar con alguien',
    '¿Puedo hablar con un agente?',
    'Quiero una persona real',
    'Ich will einen echten Menschen',
    'Kann ich mit jemandem sprechen?',
    'Je voudrais parler à un conseiller',
    'Puis-je parler avec une vraie personne ?',
    'Passez-moi un responsable',
    'Vorrei parlare con un operatore',
    'Posso parlare con una persona?',
    'Quero falar com um atendente',
    'Gostaria de falar com alguém',
  ])('hears it in "%s"', (message) => {
    expect(wantsPerson(message)).toBe(true);
  });

  it.each([
    'I am looking for a person who knows React',
    'Jobs in human resources',
    'What does a customer service agent earn?',
    'How do I contact the courier?',
    'We are hiring a customer support agent, write a LinkedIn post',
    'Show me people with Airflow and dbt',
    'Is the agent able to track orders?',
    'Busco una persona con experiencia en Python',
    'Which jobs let me talk to people all day?',
    'I don’t want AI jobs',
    'I like to talk to people, which job suits me?',
    'A course on how to speak to a manager',
    'Can I pass my ticket on to a colleague?',
    'Can I transfer it to someone else?',
    'I would rather have a vacuum instead of a robot lawn mower',
    'I am not a robot',
    'What does a real estate agent earn?',
    'Why do protests escalate the conflict?',
    'My doctor told me to talk to someone about my knee before I train again',
    '¿Qué siente un ser humano en el espacio?',
    '¿En qué trabajos se habla con personas?',
    '¿Cuánto cobra un agente inmobiliario?',
    'Welche Stellen gibt es, in denen ich mit Menschen rede?',
    'Habt ihr Fotos mit echten Menschen?',
    'Wie spricht man mit einem Kind über Zähne?',
    'Quels métiers permettent de parler avec des personnes âgées ?',
    'Combien gagne un agent immobilier ?',
    'Comment parler à un enfant de la mort ?',
    'Je voudrais parler avec quelqu’un qui connaît la Bretagne en hiver',
    'Quanto guadagna un operatore ecologico?',
    'Come si parla con una persona sorda?',
    'Quanto ganha um agente imobiliário?',
    'Posso falar com quem tem medo de voar?',
  ])('does not hear it in "%s"', (message) => {
    expect(wantsPerson(message)).toBe(false);
  });
});

describe('saysNeverMind', () => {
  it.each([
    'never mind',
    'Cancel',
    'forget it.',
    'no thanks',
    'stop',
    'olvídalo',
    'Egal',
    'vergiss es',
    'ok cancel that',
  ])('hears it in "%s"', (message) => expect(saysNeverMind(message)).toBe(true));
  it.each(['Cancel my order 1042', 'stop sending me newsletters', 'Kündigen', 'no 1042'])(
    'does not hear it in "%s"',
    (message) => expect(saysNeverMind(message)).toBe(false),
  );
});

it('knows a bare answer', () => {
  const answers = [
    'yes please',
    'No',
    'ok, go ahead!',
    'sí, por favor',
    'Ja bitte',
    'nein danke',
    'dale',
    'sí, adelante',
    'mach das',
    'please do it',
  ];
  expect(answers.filter((message) => !saysYesOrNo(message))).toEqual([]);
  const others = [
    'yes, but where is it?',
    'no milk',
    'great',
    'ja wo denn',
    'hello',
    'go away',
    'dale a mi hijo el libro',
    'los kilos de más',
    'do it in red',
    `${'yes '.repeat(5000)}`,
  ];
  expect(others.filter(saysYesOrNo)).toEqual([]);
});

it('stays quick on long messages', () => {
  const start = processorMs();
  for (const piece of ['i want to ', 'kann ich mit ', 'please ', 'yes, ', 'ich will ', 'stop talking to a '])
    for (const judge of [wantsPerson, saysYesOrNo, saysNeverMind]) judge(piece.repeat(20_000 / piece.length));
  expect(processorMs() - start).toBeLessThan(1000);
});
