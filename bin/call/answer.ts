/** Where the messages of an answer go. */
export interface Answer {
  /** Takes a message; its bytes are looked at now and never again. */
  add(message: Uint8Array): void;
  /** Hands on what was taken. Resolves when there is room for more; `false`: nothing takes more. */
  flush(): Promise<boolean>;
  /** No message follows. `isWhole`: the call ended with OK. Rejects where a file cannot be put in its place. */
  end(isWhole: boolean): Promise<void>;
}
