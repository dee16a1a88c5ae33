/** Vectors of what sentences mean, all of one space: sentences that mean the same lie near each other. */
export abstract class SentenceEncoder {
  /**
   * Of at most 16 texts at a time; of a long text only the beginning is read.
   * @returns a vector for each, or null: it is not there just now, or has too much to do
   */
  abstract encode(texts: readonly string[]): Promise<readonly Float32Array[] | null>;
}
