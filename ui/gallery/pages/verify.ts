import type { MockHost } from "../../src/host/mock";
import type { GalleryPage } from "../page";
import type { Visitor } from "../visitor";

/** The one with the long name. */
const LONG = 5;

const marked = (peer: number) => async (host: MockHost) => host.setVerified(peer, await host.phrase(peer));

/** Words to compare, and the mark that they were. */
const pages: GalleryPage[] = [
  { name: "verify", act: (visitor) => compare(visitor, "bob", "phrase") },
  { name: "verify-long-name", act: (visitor) => compare(visitor, "Maximiliane", "phrase") },
  { name: "verify-marked", before: marked(1), act: (visitor) => compare(visitor, "bob", "phrase") },
  { name: "verify-offline", act: (visitor) => compare(visitor, "dave", "verify-offline") },
  {
    name: "verify-differ",
    act: async (visitor) => {
      await compare(visitor, "bob", "phrase");
      await visitor.click("verify-differ");
      await visitor.find("verify-warning");
    },
  },
  {
    name: "verify-renewed",
    act: async (visitor, host) => {
      await compare(visitor, "bob", "phrase");
      host.reconnect(1);
      await visitor.find("verify-note", "new one");
    },
  },
  {
    name: "conversation-verified",
    before: async (host) => {
      await marked(1)(host);
      await marked(LONG)(host);
      host.notice(1, "newKey");
      host.notice(1, "unverified");
    },
    act: (visitor) => visitor.open("bob"),
  },
  { name: "conversation-verified-long", before: marked(LONG), act: (visitor) => visitor.open("Maximiliane") },
];
export default pages;

async function compare(visitor: Visitor, name: string, then: string): Promise<void> {
  await visitor.open(name);
  await visitor.click("peer-menu");
  await visitor.click("peer-verify");
  await visitor.find(then);
}
