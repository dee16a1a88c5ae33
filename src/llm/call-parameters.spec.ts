import { CallParameters } from './call-parameters.js';
import { LlmError } from './llm.errors.js';

const REQUEST = { purpose: 'answer', messages: [], temperature: 0.2, maxTokens: 100 } as const;
const sent = (parameters: CallParameters): unknown => JSON.parse(JSON.stringify(parameters.of(REQUEST)));
const refusal = (message: string): LlmError => new LlmError({ detail: `openai: HTTP 400: ${message}`, status: 400 });

describe('the parameters of a call', () => {
  it.each(['gpt-4o-mini', 'gpt-5-chat-latest', 'llama3.2', 'olmo-2', 'stand-in'])(
    'of %s are the usual ones',
    (model) => {
      expect(sent(new CallParameters({ model }))).toEqual({ temperature: 0.2, max_tokens: 100 });
    },
  );

  it.each(['o4-mini', 'gpt-5-mini', 'openai/gpt-5'])('of %s leave room to think and set no temperature', (model) => {
    expect(sent(new CallParameters({ model }))).toEqual({ max_completion_tokens: 2100, reasoning_effort: 'low' });
  });

  it('of a model whose name says nothing are learned from what it refuses', () => {
    const parameters = new CallParameters({ model: 'house-model' });
    const renamed =
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
    expect(parameters.learn(refusal(renamed))).toBe(true);
    expect(parameters.learn(refusal("Unsupported value: 'temperature' does not support 0.2 with this model."))).toBe(
      true,
    );
    expect(sent(parameters)).toEqual({ max_completion_tokens: 100 });
  });

  it('drop the effort where it is unknown, and the new name of the bound where only the old one is', () => {
    const parameters = new CallParameters({ model: 'o1-mini' });
    expect(parameters.learn(refusal('Unrecognized request argument supplied: reasoning_effort'))).toBe(true);
    expect(parameters.learn(refusal('max_completion_tokens: extra inputs are not permitted'))).toBe(true);
    expect(sent(parameters)).toEqual({ max_tokens: 2100 });
  });

  it.each([
    'max_tokens is too large: 999999. This model supports at most 16384 completion tokens',
    "'temperature' must be between 0 and 1",
    'max_tokens: 20000 > 8192, which is the maximum allowed',
    'max_tokens must be less than or equal to 8192',
  ])('do not change by a value that one request had wrong: %s', (message) => {
    const parameters = new CallParameters({ model: 'house-model' });
    expect(parameters.learn(refusal(message))).toBe(false);
    expect(sent(parameters)).toEqual({ temperature: 0.2, max_tokens: 100 });
  });

  it('change once each, and only by a refusal that names one', () => {
    const parameters = new CallParameters({ model: 'house-model' });
    expect(parameters.learn(refusal('the messages are too long'))).toBe(false);
    expect(parameters.learn(new LlmError({ detail: 'temperature', status: 500 }))).toBe(false);
    expect(parameters.learn(null)).toBe(false);
    expect(parameters.learn(refusal('max_tokens'))).toBe(true);
    expect(parameters.learn(refusal('max_completion_tokens'))).toBe(false);
  });
});
