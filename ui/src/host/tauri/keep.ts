import type { Keep, Seal } from "../keep";

type Invoke = <T>(command: string, input?: Record<string, unknown> | Uint8Array, options?: Options) => Promise<T>;
type Options = { headers: Record<string, string> };
type Guarded = <T>(answer: Promise<T>) => Promise<T>;

/** What is remembered, by the commands of the desktop. */
export function keep(invoke: Invoke, guarded: Guarded): Keep {
  /** A passphrase is the raw body, so that no JSON text of it is ever made. */
  const sealed = (command: string, seal: Seal) =>
    guarded(
      invoke<void>(command, seal.kind === "passphrase" ? seal.passphrase : new Uint8Array(), {
        headers: { "x-seal": seal.kind },
      }),
    );
  return {
    remembered: () => guarded(invoke("remembered")),
    remember: (seal) => sealed("remember", seal),
    unlock: (passphrase) => sealed("unlock", passphrase ? { kind: "passphrase", passphrase } : { kind: "keychain" }),
    changeSeal: (seal) => sealed("change_seal", seal),
    setRetention: (peer, retention) => guarded(invoke("set_retention", { peer, retention })),
    setVanishing: (peer, seconds) => guarded(invoke("set_vanishing", { peer, seconds })),
    rememberPassword: (on) => guarded(invoke("remember_password", { on })),
    connectRemembered: () => guarded(invoke("connect_remembered")),
    forgetEverything: () => guarded(invoke("forget_everything")),
    exportConversation: (peer, format) => guarded(invoke("export_conversation", { peer, format })),
    importConversation: (peer) => guarded(invoke("import_conversation", { peer })),
    profiles: () => guarded(invoke("profiles")),
    openProfile: (name) => guarded(invoke("open_profile", { name })),
    deleteProfile: (name) => guarded(invoke("delete_profile", { name })),
  };
}
