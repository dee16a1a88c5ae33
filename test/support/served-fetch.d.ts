export interface Call {
  path: string;
  init: RequestInit;
}
/** Answers the calls in order; a status without a body, or a failure to connect. */
export declare function serve(
  ...answers:
    | {
        status: number;
        body?: unknown;
      }[]
    | [Error]
): Call[];
