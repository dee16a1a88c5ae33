const realFetch = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = realFetch;
});

export interface Call {
  path: string;
  init: RequestInit;
}

/** Answers the calls in order; a status without a body, or a failure to connect. */
export function serve(...answers: { status: number; body?: unknown }[] | [Error]): Call[] {
  const calls: Call[] = [];
  globalThis.fetch = (path, init = {}) => {
    calls.push({ path: String(path), init });
    const answer = answers[calls.length - 1];
    if (answer === undefined || answer instanceof Error) return Promise.reject(answer ?? new Error('not expected'));
    const { status, body } = answer;
    return Promise.resolve(new Response(body === undefined ? null : JSON.stringify(body), { status }));
  };
  return calls;
}
