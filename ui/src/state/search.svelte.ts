import type { Host, SearchHit, SearchHits } from "../host/host";
import { Pull } from "./pull";

/** How long one may go on typing before messages are searched, ms. */
const PAUSE = 120;
const NOTHING: SearchHits = { hits: [], complete: true };

/** What is searched for in the list, and the messages in which it was found. */
export class Search {
  /** As it was typed. */
  query = $state("");
  /** The newest first; of the last search that ended. */
  hits: SearchHit[] = $state.raw([]);
  /** Whether older messages do not have the words, too. */
  complete = $state(true);
  /** Whether the hits are those of the query. */
  settled = $state(true);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pull: Pull;

  constructor(host: Host) {
    this.#pull = new Pull(async () => {
      const { wanted } = this;
      const found = wanted ? await host.search(wanted, null) : NOTHING;
      if (wanted !== this.wanted) return;
      this.hits = found.hits;
      this.complete = found.complete;
      this.settled = true;
    });
  }

  get wanted(): string {
    return this.query.trim();
  }

  /** `failed`: called with the reason if messages cannot be searched. */
  type(query: string, failed: (reason: unknown) => void): void {
    this.query = query;
    this.settled = false;
    clearTimeout(this.#timer);
    if (this.wanted) this.#timer = setTimeout(() => this.#pull.run().catch(failed), PAUSE);
    else this.#empty();
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.query = "";
    this.#empty();
  }

  #empty(): void {
    this.hits = NOTHING.hits;
    this.complete = NOTHING.complete;
    this.settled = true;
  }
}
