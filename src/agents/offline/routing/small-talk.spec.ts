import { smallTalkKind } from './small-talk.js';
import { processorMs } from '../../../../test/support/processor-time.js';

describe('smallTalkKind', () => {
  it.each([
    ['Hello!', 'hello'],
    ['hi there', 'hello'],
    ['Good morning!', 'hello'],
    ['¡Hola! Buenos días', 'hello'],
    ['Guten Tag', 'hello'],
    ['Moin', 'hello'],
    ['👋', 'hello'],
    ['Thanks a lot!', 'thanks'],
    ['ok thank you very much', 'thanks'],
    ['muchas gracias', 'thanks'],
    ['Vielen Dank für die Hilfe', 'thanks'],
    ['bye', 'bye'],
    ['Tschüss', 'bye'],
    ['Hasta luego', 'bye'],
    ['Hi, how are you?', 'how_are_you'],
    ['hey how are you doing today', 'how_are_you'],
    ['¿Cómo estás?', 'how_are_you'],
    ['Wie geht es dir?', 'how_are_you'],
    ['Who are you?', 'who_are_you'],
    ['What can you do?', 'who_are_you'],
    ['¿Eres un bot?', 'who_are_you'],
    ['Was kannst du?', 'who_are_you'],
    ['great, thanks!', 'thanks'],
    ['Perfect', 'praise'],
    ['Sehr gut!', 'praise'],
    ['ok', 'noted'],
    ['No', 'noted'],
    ['nein', 'noted'],
    ['Alles klar.', 'noted'],
    ['vale', 'noted'],
    ['ok, danke', 'thanks'],
    ['ok great', 'praise'],
  ])('takes "%s" as %s', (message, kind) => {
    expect(smallTalkKind(message)).toBe(kind);
  });

  it.each([
    'Hi, where is my order?',
    'Thanks, and how do I return it?',
    'Good morning, I need an invoice',
    'help me with my invoice',
    'hello world program in Python',
    'How are you handling returns?',
    'What can you do about my broken tent?',
    '1042',
    '你好吗',
  ])('does not take "%s" as small talk', (message) => {
    expect(smallTalkKind(message)).toBeNull();
  });

  it('stays quick on a long message', () => {
    const start = processorMs();
    smallTalkKind('hi '.repeat(5000));
    smallTalkKind('a'.repeat(16_000));
    expect(processorMs() - start).toBeLessThan(200);
  });
});
