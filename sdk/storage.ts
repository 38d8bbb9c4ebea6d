/** Where the client keeps a text between two runs: tokens, and how far the device has read. */

export interface TextStorage {
  read(): string | null;
  write(text: string | null): void;
}

export function memoryStorage(): TextStorage {
  let held: string | null = null;
  return {
    read: () => held,
    write(text) {
      held = text;
    },
  };
}

/** The part of `localStorage` and `sessionStorage` that is used. */
export interface WebStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** Storage that refuses (full, or switched off in private windows) is treated as empty: the client then merely forgets. */
export function webStorage(storage: WebStorage, key: string): TextStorage {
  return {
    read() {
      try {
        return storage.getItem(key);
      } catch {
        return null;
      }
    },
    write(text) {
      try {
        if (text === null) storage.removeItem(key);
        else storage.setItem(key, text);
      } catch {
        // See above.
      }
    },
  };
}
