/** A terminal, as the player needs it. */
export interface Terminal {
  /** Its width now, in characters. */
  readonly columns: number;
  /** Its height now, in characters. */
  readonly rows: number;
  /** Shows text and obeys commands in it, before it returns. */
  write(text: string): void;
  /** Gives keys one by one without showing them, or ends that. */
  setRaw(isRaw: boolean): void;
  /** Calls `listener` with what is typed until the returned function is called. */
  onInput(listener: (text: string) => void): () => void;
  /** Calls `listener` when the size has changed until the returned function is called. */
  onResize(listener: () => void): () => void;
}
