import type { CallSnapshot, Host, PeerSnapshot } from "../../host/host";
import { Pull } from "../../state/pull";
import { sentence, wordsOf } from "../../state/words";

/** What the small windows know: the call there is, and with whom. They may ask the host for little else. */
export class Ring {
  call: CallSnapshot | null = $state.raw(null);
  peer: PeerSnapshot | null = $state.raw(null);
  /** What was refused last, in words. */
  failure: string | null = $state(null);
  #host: Host;
  #pull: Pull;

  constructor(host: Host) {
    this.#host = host;
    this.#pull = new Pull(async () => {
      const [call, peer] = await Promise.all([host.currentCall(), host.peerOfCall()]);
      if (call?.number !== this.call?.number) this.failure = null;
      this.peer = peer?.id === call?.peer ? peer : null;
      this.call = call;
    });
  }

  /** How the person is called here. */
  get name(): string {
    return this.peer?.label ?? "Somebody";
  }

  /** Reads once and then whatever changes. Returns the way to stop. */
  start(): () => void {
    const read = () => void this.#pull.run().catch((reason) => console.warn("a reading failed", reason));
    read();
    return this.#host.onChanges(({ call, peers }) => (call || peers) && read());
  }

  /** Takes the call, and shows the window in which one talks. */
  accept({ number, peer }: CallSnapshot): Promise<void> {
    return this.do(this.#host.acceptCall(number).then(() => this.#host.showConversation(peer)));
  }

  reject({ number }: CallSnapshot): Promise<void> {
    return this.do(this.#host.rejectCall(number));
  }

  /** Says why, and rejects. In this order a text that could not be sent is still in the field. */
  rejectWith({ number, peer }: CallSnapshot, text: string): Promise<void> {
    return this.do(this.#host.sendText(peer, text).then(() => this.#host.rejectCall(number)));
  }

  async do(work: Promise<unknown>): Promise<void> {
    this.failure = null;
    try {
      await work;
    } catch (reason) {
      this.failure = sentence(wordsOf(reason));
    }
  }
}
