import {
  type ChatModelUnderTest,
  type ConformanceDeadlines,
  chatModelBasics,
  remoteChatModelConformance,
} from '../../test/support/chat-model.conformance.js';
import { EchoChatModel } from './echo.chat-model.js';
import { LangChainChatModel } from './langchain.chat-model.js';
import { OpenAiWireChatModel } from './openai-wire.chat-model.js';
import { ProviderConnection } from './provider-connection.js';

function connect(url: string, deadlines: ConformanceDeadlines, apiKey: string | null): ProviderConnection {
  return new ProviderConnection({ provider: 'openai', model: 'stand-in', baseUrl: url, apiKey }, deadlines);
}

remoteChatModelConformance('the fast reader', (url, deadlines, apiKey): ChatModelUnderTest => {
  const connection = connect(url, deadlines, apiKey);
  return {
    model: new OpenAiWireChatModel(connection, new LangChainChatModel(connection)),
    close: () => connection.close(),
  };
});

remoteChatModelConformance('the LangChain adapter', (url, deadlines, apiKey): ChatModelUnderTest => {
  const connection = connect(url, deadlines, apiKey);
  return { model: new LangChainChatModel(connection), close: () => connection.close() };
});

chatModelBasics('echo', () => ({ model: new EchoChatModel(), close: () => Promise.resolve() }));
