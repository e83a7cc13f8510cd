/**
 * Reads something again whenever it changed: never twice at the same time, and a change that comes while reading is
 * never missed.
 */
export class Pull {
  #read: () => Promise<void>;
  #running: Promise<void> | null = null;
  #again = false;

  constructor(read: () => Promise<void>) {
    this.#read = read;
  }

  /** Resolves once a reading that began after this call has ended. */
  run(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#loop();
    return this.#running;
  }

  async #loop(): Promise<void> {
    try {
      while (this.#again) {
        this.#again = false;
        await this.#read();
      }
    } finally {
      // In the same breath as the last look at `#again`: a change between the two would wait for the next one.
      this.#running = null;
    }
  }
}
