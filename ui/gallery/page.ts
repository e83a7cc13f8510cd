import type { MockHost } from "../src/host/mock";
import type { MockOptions } from "../src/host/mock/roster";
import type { View } from "../src/open";
import type { Visitor } from "./visitor";

/** One state of one view, drawn by the real page on a mock host. Its address is `gallery.html?page=NAME`. */
export interface GalleryPage {
  /** In kebab case, unique. */
  name: string;
  /** Which page of the program; the main window unless said. */
  view?: View;
  /** Whose conversation, where the page has one only. */
  peer?: number;
  /** Of the mock host: who is there, what callees do, how long the conversation with bob is. */
  mock?: MockOptions;
  /** The name one is connected under; null: the connect screen. "alice" unless said. */
  online?: string | null;
  /** What happened before the page was opened. */
  before?: (host: MockHost) => void | Promise<void>;
  /** What the person does to get here. */
  act?: (visitor: Visitor, host: MockHost) => Promise<void>;
}
