import type { LinkPreview } from "../host";

const ALLOWED = ["http:", "https:", "mailto:", "tel:", "sms:", "xmpp:", "magnet:"];

/** What Rust does with a link: parse it, allow its kind, and show the real host. Null: refused. */
export function previewLink(text: string): LinkPreview | null {
  const typed = text.trim();
  const withScheme = /^[a-z][a-z0-9+.-]*:/i.test(typed) ? typed : `https://${typed}`;
  if (!typed || /\s/.test(typed)) return null;
  try {
    const url = new URL(withScheme);
    if (!ALLOWED.includes(url.protocol)) return null;
    return { url: url.href, host: url.hostname || null };
  } catch {
    return null;
  }
}
