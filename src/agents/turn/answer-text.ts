/** Where one agent writes its part of the answer. */
export interface AnswerText {
  /** UTF-16 units written so far by this agent, shown or not yet. */
  readonly written: number;
  write(text: string): void;
}

/** Word by word, as a model's answer comes, so that clients behave alike in both modes. */
export function writeWords(text: string, out: AnswerText): void {
  for (const piece of text.match(/\s*\S+\s*$|\s*\S+/g) ?? []) out.write(piece);
}
