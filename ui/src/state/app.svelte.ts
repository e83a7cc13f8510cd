import { createContext } from "svelte";
import type { Changes, Host, PeerSnapshot, RequestSnapshot } from "../host/host";
import { Calls } from "./calls.svelte";
import { Conversation } from "./conversation.svelte";
import { Drafts } from "./drafts.svelte";
import { Kept } from "./kept.svelte";
import { Peers } from "./peers.svelte";
import { Pull } from "./pull";
import { Search } from "./search.svelte";
import { Session } from "./session.svelte";
import { Desk, type Section } from "./settings.svelte";
import { Sound } from "./sound.svelte";
import { Toasts } from "./toasts.svelte";
import { sentence, wordsOf } from "./words";

export const [useApp, provideApp] = createContext<App>();

/** What stands over the window: to add somebody, to go to somebody, the shortcuts, the people who are blocked, the settings… */
export type Dialog =
  | "add"
  | "people"
  | "shortcuts"
  | "blocked"
  | "settings"
  /** To connect again, to choose how what is remembered is sealed, to forget it. */
  | "connect"
  | "seal"
  | "forget";

/** A new name, words to compare, how long messages are kept, or their deletion. */
export interface About {
  what: "rename" | "verify" | "keep" | "clear";
  peer: number;
}

/** Dialogs that are about the computer rather than a session. */
const LASTING: (Dialog | null)[] = ["settings", "seal", "forget"];

/** Everything the window shows, and everything one can do in it. It hears what changed and reads it again. */
export class App {
  readonly host: Host;
  /** The one conversation of a window that has no other; null in the main window. */
  readonly alone: number | null;
  readonly session: Session;
  readonly peers: Peers;
  readonly calls: Calls;
  readonly sound: Sound;
  readonly desk: Desk;
  readonly drafts: Drafts;
  readonly search: Search;
  readonly kept: Kept;
  readonly toasts = new Toasts();
  requests: RequestSnapshot[] = $state.raw([]);
  conversation: Conversation | null = $state.raw(null);
  /** Whether the conversation that was open before the page was loaded is open again, if there was one. */
  restored = $state(false);
  /** There is at most one. */
  dialog: Dialog | null = $state(null);
  /** An invite that was opened as a link, until it stands in the dialog that adds somebody. */
  invited: string | null = $state(null);
  /** The dialog about one person, likewise. */
  about: About | null = $state.raw(null);
  /** Which part of the settings is shown. */
  section: Section = $state("general");
  #requests: Pull;
  /** There was a session, or the people of a remembered one, at the last look. */
  #live = false;

  constructor(host: Host, alone: number | null = null) {
    this.host = host;
    this.alone = alone;
    this.session = new Session(host);
    this.peers = new Peers(host);
    this.calls = new Calls(this);
    this.sound = new Sound(host);
    this.desk = new Desk(host);
    this.drafts = new Drafts(host);
    this.search = new Search(host);
    this.kept = new Kept(host);
    this.#requests = new Pull(async () => {
      this.requests = await host.requests();
    });
  }

  /** Reads everything once and then whatever changes. Returns the way to stop. */
  start(): () => void {
    const stops = [
      this.host.onChanges((changes) => this.#changed(changes)),
      this.host.onShell((event) => {
        if (event.kind === "remembered") this.#quietly(this.kept.refresh());
        if (this.alone !== null) return;
        if (event.kind === "open") this.#bringUp(event.peer);
        if (event.kind === "invited") this.#quietly(this.#takeInvited());
      }),
      this.desk.start(),
      () => this.drafts.flush(),
    ];
    this.#changed({ status: true, peers: true, requests: true, call: true, devices: true, conversations: [] });
    this.#quietly(this.#comeBack());
    return () => {
      for (const stop of stops) stop();
    };
  }

  /** The entry whose conversation is open. */
  get selected(): PeerSnapshot | null {
    return this.conversation && this.peers.find(this.conversation.peer);
  }

  open(peer: number): void {
    if (this.conversation?.peer === peer) return;
    this.drafts.flush();
    this.conversation = new Conversation(this.host, peer);
    this.attempt(Promise.all([this.conversation.refresh(), this.drafts.load(peer)]));
  }

  /** Reads an open conversation anew: lines came in before its first one. */
  reopen(peer: number): void {
    if (this.conversation?.peer !== peer) return;
    this.close();
    this.open(peer);
  }

  /** Opens a conversation at one of its lines. */
  openAt(peer: number, seq: number): void {
    this.open(peer);
    if (this.conversation) void this.attempt(this.conversation.find(seq));
  }

  /** The conversation `step` rows further down the list. */
  openNext(step: 1 | -1): void {
    const open = this.conversation?.peer ?? null;
    const all = this.peers.listed(open);
    const here = all.findIndex(({ id }) => id === open);
    const next = all[here < 0 ? (step > 0 ? 0 : all.length - 1) : here + step];
    if (next) this.open(next.id);
  }

  close(): void {
    this.drafts.flush();
    this.conversation = null;
  }

  /** Goes on with a conversation in a window of its own. */
  async openTalk(peer: number): Promise<void> {
    this.drafts.flush();
    if (!(await this.attempt(this.host.openTalk(peer)))) return;
    this.drafts.forget(peer);
    if (this.conversation?.peer === peer) this.close();
  }

  openSettings(section: Section = this.section): void {
    this.section = section;
    this.dialog = "settings";
  }

  /** Waits for something and shows its failure where no view has a better place for it. */
  async attempt(work: Promise<unknown>): Promise<boolean> {
    try {
      await work;
      return true;
    } catch (reason) {
      this.toasts.fail(sentence(wordsOf(reason)));
      return false;
    }
  }

  async disconnect(): Promise<void> {
    if (await this.attempt(this.session.disconnect())) this.#forgetIfOffline();
  }

  /** By one click where the password is remembered, else it asks. */
  async connect(): Promise<void> {
    // A window with one conversation has neither the dialog nor the right.
    if (this.alone !== null) await this.attempt(this.host.showConversation(this.alone));
    else if (!(this.kept.open?.passwordRemembered && (await this.attempt(this.session.connectRemembered())))) {
      // The keychain may have lost it.
      await this.kept.refresh();
      if (!this.kept.open?.passwordRemembered) this.dialog = "connect";
    }
  }

  /** At once, with a way back, instead of a question that everybody confirms. */
  async remove({ id, label }: PeerSnapshot): Promise<void> {
    if (!(await this.attempt(this.host.removePeer(id)))) return;
    if (this.conversation?.peer === id) this.close();
    this.drafts.forget(id);
    await this.peers.refresh();
    this.toasts.say(`Removed ${label}`, () => this.#takeBack(id, this.host.restorePeer(id)));
  }

  async block({ id, label }: PeerSnapshot): Promise<void> {
    if (!(await this.attempt(this.host.blockPeer(id)))) return;
    await this.peers.refresh();
    this.toasts.say(`Blocked ${label}`, () => this.#takeBack(id, this.host.unblockPeer(id)));
  }

  async unblock({ id }: PeerSnapshot): Promise<void> {
    await this.attempt(this.host.unblockPeer(id).then(() => this.peers.refresh()));
  }

  async pin({ id, pinned }: PeerSnapshot): Promise<void> {
    await this.attempt(this.host.setPeerPinned(id, !pinned).then(() => this.peers.refresh()));
  }

  async mute({ id, muted }: PeerSnapshot): Promise<void> {
    await this.attempt(this.host.setPeerMuted(id, !muted).then(() => this.peers.refresh()));
  }

  async accept(request: RequestSnapshot): Promise<void> {
    await this.attempt(
      this.host.acceptRequest(request.id).then(async (peer) => {
        await this.peers.refresh();
        this.open(peer);
      }),
    );
  }

  async startEcho(): Promise<void> {
    await this.attempt(
      this.host.startEcho().then(async (peer) => {
        await Promise.all([this.peers.refresh(), this.session.refresh()]);
        this.open(peer);
      }),
    );
  }

  async stopEcho(): Promise<void> {
    if (this.selected?.echo) this.close();
    await this.attempt(this.host.stopEcho());
  }

  /** The clipboard belongs to the system; say that it worked. */
  async copy(text: string, what: string): Promise<void> {
    if (await this.attempt(this.host.copyText(text))) this.toasts.say(`${what} copied`);
  }

  async copyLog(): Promise<void> {
    await this.attempt(this.host.log().then((lines) => this.copy(lines.join("\n"), "Log")));
  }

  async #takeBack(peer: number, work: Promise<void>): Promise<void> {
    if (!(await this.attempt(work))) return;
    await this.peers.refresh();
    this.open(peer);
  }

  /** After the page was loaded again, the conversation that was open is open again. */
  async #comeBack(): Promise<void> {
    try {
      const [peer] = await Promise.all([this.alone ?? this.host.lastViewed(), this.peers.refresh()]);
      if (peer !== null && !this.conversation && this.peers.find(peer)) this.open(peer);
    } finally {
      this.restored = true;
    }
  }

  /** Somebody asked for this conversation outside of the window: nothing may stand over it. */
  #bringUp(peer: number): void {
    this.dialog = null;
    this.open(peer);
  }

  /** It is shown and nothing more: anybody can make a link. */
  async #takeInvited(): Promise<void> {
    const text = await this.host.takeInvited();
    if (text === null) return;
    this.invited = text;
    if (this.session.online) this.#showInvited();
    else this.toasts.say("An invite was opened. Connect, and it is shown.");
  }

  #showInvited(): void {
    if (this.invited !== null && this.session.online) this.dialog = "add";
  }

  #changed(changes: Changes): void {
    if (changes.status) {
      const both = Promise.all([this.session.refresh(), this.kept.refresh()]);
      this.#quietly(
        both.then(() => {
          this.#forgetIfOffline();
          this.#showInvited();
        }),
      );
    }
    if (changes.peers) this.#quietly(this.peers.refresh());
    if (changes.requests && this.alone === null) this.#quietly(this.#requests.run());
    if (changes.call) this.#quietly(this.calls.refresh());
    if (changes.devices && this.alone === null) this.#quietly(this.sound.refresh());
    const { conversation } = this;
    if (changes.conversations.some(({ peer }) => peer === conversation?.peer)) this.#quietly(conversation?.refresh());
  }

  /** A reading that fails comes from a node that just went away; the next change reads again. */
  #quietly(work: Promise<void> | undefined): void {
    work?.catch((reason) => console.warn("a reading failed", reason));
  }

  /** A session that ended, by a click or by itself, leaves nothing of it in the window, unless it is remembered. */
  #forgetIfOffline(): void {
    const before = this.#live;
    this.#live = this.session.status.phase !== "offline" || this.kept.home;
    // What stands in a window that was offline already, such as a notice at the start, is of no session.
    if (this.#live || !before) return;
    this.conversation = null;
    this.requests = [];
    this.drafts.clear();
    this.peers.clear();
    this.calls.clear();
    this.search.clear();
    if (!LASTING.includes(this.dialog)) this.dialog = null;
    this.about = null;
    this.toasts.clear();
  }
}
