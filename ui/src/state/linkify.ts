import { LinkifyIt } from "linkify-it";

/** A stretch of a text. `host` is ours: it follows a link that does not show plainly where it goes. */
export type Segment =
  | { kind: "plain"; text: string }
  | { kind: "link"; text: string; url: string }
  | { kind: "host"; text: string };

const finder = new LinkifyIt({ fuzzyLink: true });

/** Every link that counts has one of these. Most texts have none, and looking for links is dear where rows fly by. */
const HINT = /[:@]|www\./i;

/** Finds links in a text. Which of them may be opened is decided in Rust, at the click. */
export function linkify(text: string): Segment[] {
  if (!HINT.test(text)) return [{ kind: "plain", text }];
  const segments: Segment[] = [];
  let done = 0;
  for (const match of finder.match(text) ?? []) {
    // "main.rs" and "e.g." look like host names; without a scheme only "www." and mail addresses are meant as links.
    if (match.schema === "" && !/^www\./i.test(match.text)) continue;
    if (match.schema === "//") continue;
    if (match.index > done) segments.push({ kind: "plain", text: text.slice(done, match.index) });
    segments.push({ kind: "link", text: match.text, url: match.url });
    const host = hiddenHost(match.text, match.url);
    if (host) segments.push({ kind: "host", text: ` (${host})` });
    done = match.lastIndex;
  }
  if (done < text.length) segments.push({ kind: "plain", text: text.slice(done) });
  return segments;
}

/** The host in ASCII, if `shown` does not begin with it: other scripts, or a user name that looks like a host. */
export function hiddenHost(shown: string, url: string): string | null {
  const host = hostOf(url);
  if (!host) return null;
  const rest = shown.replace(/^[a-z][a-z0-9+.-]*:\/\//i, "").toLowerCase();
  const next = rest.charAt(host.length);
  const plain =
    rest.startsWith(host) && (next === "" || "/?#".includes(next) || /^:\d+([/?#]|$)/.test(rest.slice(host.length)));
  return plain ? null : host;
}

function hostOf(url: string): string | null {
  try {
    return new URL(url).hostname || null;
  } catch {
    return null;
  }
}
