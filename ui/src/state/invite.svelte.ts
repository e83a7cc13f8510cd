import type { Host, Invite } from "../host/host";
import { CODES, sentence, wordsOf } from "./words";

/** What a picture may weigh, bytes; the host reads no larger one. */
export const PICTURE_LIMIT = 16 * 1024 * 1024;

/** The invite of somebody else: the text as it was typed, pasted or read from a picture, and what was understood of it. */
export class TheirInvite {
  text = $state("");
  understood: Invite | null = $state.raw(null);
  /** What is wrong, in words. */
  failure: string | null = $state(null);
  /** A picture is being read. */
  reading = $state(false);
  #host: Host;
  #readings = 0;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Reads what is in the field; the newest text counts. Half-typed text is not complained about, only `final` text. */
  async read(final: boolean): Promise<void> {
    const reading = ++this.#readings;
    const text = this.text;
    this.failure = null;
    if (!text.trim()) {
      this.understood = null;
      return;
    }
    try {
      const understood = await this.#host.readInvite(text);
      if (reading !== this.#readings) return;
      this.understood = understood;
      if (await this.#isMine(understood)) this.#refuse(reading, sentence(CODES.ownAddress));
    } catch (reason) {
      if (reading !== this.#readings) return;
      this.understood = null;
      if (final) this.failure = sentence(wordsOf(reason));
    }
  }

  /** Takes the text of a QR code in a file, or in what was pasted or dropped. */
  readPicture(picture: Blob): Promise<void> {
    return this.#take(async () => {
      if (picture.size > PICTURE_LIMIT) throw { code: "notAnImage" };
      return this.#host.readQr(new Uint8Array(await picture.arrayBuffer()));
    });
  }

  /** Takes the text of a QR code in the picture that was copied last. */
  readClipboard(): Promise<void> {
    return this.#take(() => this.#host.readQrOfClipboard());
  }

  async #take(read: () => Promise<string>): Promise<void> {
    this.failure = null;
    this.reading = true;
    try {
      this.text = await read();
      await this.read(true);
    } catch (reason) {
      this.failure = sentence(wordsOf(reason));
    } finally {
      this.reading = false;
    }
  }

  /** Whoever pastes what was just copied here has taken the wrong one of two. */
  async #isMine({ addresses }: Invite): Promise<boolean> {
    const mine = await this.#host
      .invite()
      .then((text) => this.#host.readInvite(text))
      .catch(() => null);
    if (!mine) return false;
    const own = new Set(mine.addresses.map(({ host, port }) => `${host} ${port}`));
    return addresses.every(({ host, port }) => own.has(`${host} ${port}`));
  }

  #refuse(reading: number, why: string): void {
    if (reading !== this.#readings) return;
    this.understood = null;
    this.failure = why;
  }
}
