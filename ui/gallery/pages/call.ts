import type { CallSnapshot } from "../../src/host/host";
import type { MockHost } from "../../src/host/mock";
import type { GalleryPage } from "../page";

/** A call that was accepted two minutes ago. */
const talking =
  (some: Partial<CallSnapshot> = {}) =>
  (host: MockHost) => {
    host.calls.ring(1);
    const open = { kind: "open" as const, name: "Built-in Audio" };
    const since = Date.now() - 133_000;
    const accepted = { acceptedAt: since, hearing: "heard" as const, microphone: open, speaker: open };
    host.calls.set({ phase: "active", ...accepted, ...some });
  };

/** The call, in each of its states. */
const pages: GalleryPage[] = [
  { name: "call-incoming", before: (host) => host.calls.ring(1) },
  {
    name: "call-incoming-reject",
    before: (host) => {
      host.calls.ring(5);
      host.calls.set({ silent: false });
    },
    act: async (visitor) => {
      await visitor.click("call-reject-with");
      await visitor.find("call-reply-text");
    },
  },
  { name: "call-incoming-silent", before: (host) => host.calls.ring(5) },
  {
    name: "call-incoming-aside",
    before: (host) => host.calls.ring(1),
    act: async (visitor) => {
      await visitor.click("call-aside");
      await visitor.find("call-accept");
    },
  },
  {
    name: "call-outgoing",
    mock: { answer: "never" },
    act: async (visitor) => {
      await visitor.open("bob");
      await visitor.click("call-start");
      await visitor.find("call-end");
    },
  },
  { name: "call-talking", before: talking(), act: (visitor) => visitor.open("bob") },
  { name: "call-elsewhere", before: talking(), act: (visitor) => visitor.open("dave") },
  { name: "call-long-name", before: talking({ peer: 5 }) },
  { name: "call-muted", before: talking({ muted: true, hearing: "muted" }), act: (visitor) => visitor.open("bob") },
  {
    name: "call-no-microphone",
    before: talking({ microphone: { kind: "missing" }, hearing: "noMicrophone" }),
    act: (visitor) => visitor.open("bob"),
  },
  { name: "call-reconnecting", before: talking({ phase: "reconnecting" }), act: (visitor) => visitor.open("bob") },
  {
    name: "call-details",
    before: talking(),
    act: async (visitor) => {
      await visitor.open("bob");
      await visitor.click("call-details");
      await visitor.find("call-stats");
    },
  },
  {
    name: "call-devices",
    before: talking(),
    act: async (visitor) => {
      await visitor.open("bob");
      await visitor.click("call-devices");
      await visitor.find("peer-gain");
    },
  },
];
export default pages;
