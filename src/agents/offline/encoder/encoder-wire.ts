/** What goes to the encoder's thread. */
export interface EncoderOrder {
  readonly id: number;
  readonly texts: readonly string[];
}

/** What comes from it. */
export interface EncoderAnswer {
  readonly id: number;
  readonly vectors: readonly Float32Array[];
}
