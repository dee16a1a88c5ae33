/** Calls of the REST API with a token that is renewed when it is refused. Every refusal is a `RestError` that can be shown. */

/** Where tokens come from. */
export interface TokenSource {
  /**
   * One that is good for a while yet; null when signed out.
   * @param fresh the last one was refused: another one is wanted
   * @throws when a renewal did not reach the server
   */
  token(fresh: boolean): Promise<string | null>;
  /** Tells of each renewal that nobody asked for. @returns a function that ends the subscription */
  onRenewed?(listener: (token: string) => void): () => void;
}

export class RestError extends Error {
  override readonly name = 'RestError';

  constructor(
    /** 0: the server was not reached. */
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

interface Problem {
  readonly title?: string;
  readonly detail?: string;
  readonly code?: string;
  readonly errors?: readonly { readonly path?: string; readonly message?: string }[];
}

/** The sentence to show for a problem document, or for a body that is something else. */
export function problemMessage(status: number, body: unknown): string {
  const problem = (typeof body === 'object' && body !== null ? body : {}) as Problem;
  const fields = (problem.errors ?? [])
    .map((error) => [error.path, error.message].filter(Boolean).join(': '))
    .filter((text) => text !== '');
  const sentence = problem.detail ?? problem.title ?? `The server answered with status ${status}.`;
  const said = (problem.errors ?? []).some(({ message }) => message !== undefined && sentence.includes(message));
  return fields.length > 0 && !said ? `${sentence} (${fields.join('; ')})` : sentence;
}

/** One call as it is. @throws RestError */
export async function call(url: string, init: RequestInit = {}): Promise<unknown> {
  const response = await answerTo(url, init);
  return response.status === 204 ? null : response.json().catch(() => null);
}

/** @throws RestError for every answer that is a refusal */
async function answerTo(url: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch {
    throw new RestError(0, 'UNREACHABLE', 'The server cannot be reached. Check the connection and try again.');
  }
  if (response.ok) return response;
  const body: unknown = await response.json().catch(() => null);
  const code = (body as Problem | null)?.code ?? String(response.status);
  throw new RestError(response.status, code, problemMessage(response.status, body));
}

export function json(method: string, body: unknown): RequestInit {
  return { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

type Headers = Record<string, string>;

export class RestClient {
  /** @param base of the server, such as `https://chat.example.com`; empty for the page's own */
  constructor(
    private readonly base: string,
    private readonly tokens: TokenSource,
  ) {}

  async get<T>(path: string): Promise<T> {
    return (await this.request(path)) as T;
  }

  /** With the current token; a 401 is answered once with a fresh one. @throws RestError */
  request(path: string, init: RequestInit = {}): Promise<unknown> {
    return this.authorised((headers) => call(`${this.base}${path}`, { ...init, headers }), init);
  }

  /** A file, by the name that the server gives it. @throws RestError */
  download(path: string): Promise<File> {
    return this.authorised(async (headers) => {
      const response = await answerTo(`${this.base}${path}`, { headers });
      const [, name = 'file'] =
        /filename\*=UTF-8''([^;]+)/.exec(response.headers.get('content-disposition') ?? '') ?? [];
      return new File([await response.blob()], decodeURIComponent(name));
    }, {});
  }

  private async authorised<T>(send: (headers: Headers) => Promise<T>, init: RequestInit): Promise<T> {
    try {
      return await this.withToken(send, init, false);
    } catch (error) {
      if (error instanceof RestError && error.status === 401) return this.withToken(send, init, true);
      throw error;
    }
  }

  private async withToken<T>(send: (headers: Headers) => Promise<T>, init: RequestInit, fresh: boolean): Promise<T> {
    const token = await this.tokens.token(fresh);
    if (token === null) throw new RestError(401, 'UNAUTHORIZED', 'Your session has ended. Please sign in again.');
    return send({ ...(init.headers as Headers | undefined), authorization: `Bearer ${token}` });
  }
}

const PAGE_SIZE = 20;

/** `?limit=&cursor=` of a list. */
export function pageQuery(cursor: string | null): string {
  return new URLSearchParams({ limit: String(PAGE_SIZE), ...(cursor ? { cursor } : {}) }).toString();
}
