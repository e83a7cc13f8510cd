-- The database of what is remembered (crates/store), as its newest migration leaves it. The file is sealed by SQLCipher 4
-- (AES-256-CBC and HMAC-SHA512 for each page of 4096 bytes) under a random key; docs/threat-model.md says what that gives.
-- A test holds this document against the real schema. Times are milliseconds since 1970 (UTC) by the clock of this computer,
-- spans are seconds, yes and no are 1 and 0.

-- Who I am: at most one row.
CREATE TABLE profile (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    seed BLOB NOT NULL CHECK (length(seed) = 32), -- of the device key (Ed25519)
    name TEXT, -- my display name
    port INTEGER CHECK (port BETWEEN 1 AND 65535), -- UDP
    retention TEXT NOT NULL -- off, day, week, month or forever: for conversations that say nothing themselves
) STRICT;

-- Settings that are personal; each value is a JSON text.
CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The peer list.
CREATE TABLE peers (
    id INTEGER PRIMARY KEY, -- in the order of adding
    label TEXT NOT NULL, -- what I call them
    name TEXT, -- what they call themselves
    addresses TEXT NOT NULL, -- JSON: ["host:port", ...]
    blocked INTEGER NOT NULL,
    device BLOB CHECK (length(device) = 32), -- the device key that the entry is bound to
    device_kept INTEGER NOT NULL, -- whether they keep that key over restarts
    verified INTEGER NOT NULL, -- the phrase was compared
    muted INTEGER NOT NULL,
    pinned INTEGER NOT NULL,
    gain_db REAL NOT NULL,
    draft TEXT NOT NULL, -- written and not sent
    acked INTEGER NOT NULL DEFAULT 0, -- they have everything of ours up to this counter
    retention TEXT, -- as in profile; null: as the profile says
    vanish INTEGER, -- lifetime of messages in this conversation
    "end" INTEGER NOT NULL DEFAULT 0, -- the sequence number that the next line gets; never goes back
    read INTEGER NOT NULL DEFAULT 0, -- lines before this one have been read
    dropped INTEGER NOT NULL DEFAULT 0 -- lines before this one are deleted piece by piece, and nobody sees them any more
) STRICT;

-- Messages of ours that nobody has acknowledged.
CREATE TABLE queue (
    peer INTEGER NOT NULL REFERENCES peers (id) ON DELETE CASCADE,
    counter INTEGER NOT NULL, -- towards this peer, from 1
    epoch BLOB NOT NULL CHECK (length(epoch) = 16), -- the run that it was written in
    at INTEGER NOT NULL, -- when it was written
    kind TEXT NOT NULL, -- as in lines, with text and detail
    text TEXT,
    detail TEXT,
    vanish INTEGER, -- how long both sides keep it
    PRIMARY KEY (peer, counter)
) STRICT, WITHOUT ROWID;

-- What each device has sent us, so that what comes twice is dropped.
CREATE TABLE inboxes (
    device BLOB PRIMARY KEY CHECK (length(device) = 32),
    peer INTEGER NOT NULL REFERENCES peers (id) ON DELETE CASCADE,
    epoch BLOB NOT NULL CHECK (length(epoch) = 16), -- its run
    highest INTEGER NOT NULL -- counter; everything up to it is here
) STRICT, WITHOUT ROWID;
CREATE INDEX inboxes_of_peer ON inboxes (peer);

-- The lines of conversations.
CREATE TABLE lines (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- grows in the order of writing; never used again, so that the index never confuses two lines
    -- A line takes its words with it, so it is never removed by the database itself.
    peer INTEGER NOT NULL REFERENCES peers (id) ON DELETE RESTRICT,
    seq INTEGER NOT NULL, -- place in the conversation, from 0; there may be gaps
    sender TEXT NOT NULL CHECK (sender IN ('me', 'them', 'app')),
    counter INTEGER, -- of a message of ours
    kind TEXT NOT NULL, -- text, link, call, notice, ...
    text TEXT, -- the text or the link
    detail TEXT, -- of other kinds: everything, as JSON
    sent_at INTEGER NOT NULL, -- by the sender's clock
    at INTEGER NOT NULL, -- when it was written here or came in
    expires_at INTEGER, -- when it vanishes
    unsupported INTEGER NOT NULL DEFAULT 0, -- their app cannot show it
    UNIQUE (peer, seq)
) STRICT;
CREATE INDEX lines_by_age ON lines (peer, at);
CREATE INDEX lines_that_expire ON lines (expires_at) WHERE expires_at IS NOT NULL;

-- The trigrams of every line's text, letters folded by the program; without positions and texts of its own. "peer" has one
-- trigram that stands for the conversation. Its option secure-delete takes words out of it when lines are deleted. Each 32768 ids of
-- lines have a table of their own, words_0, words_1 and so on, so that none is so large that deleting takes long.
CREATE VIRTUAL TABLE words_0 USING fts5 (
    peer, text, content = '', columnsize = 0, detail = none, tokenize = 'trigram case_sensitive 1'
);
INSERT INTO words_0 (words_0, rank) VALUES ('secure-delete', 1);
-- A message alone is a small segment of the index; merging them at every sixteenth would delay acknowledgements.
INSERT INTO words_0 (words_0, rank) VALUES ('crisismerge', 64);

-- The version of Unicode that letters were folded by; with another one the index is made anew.
CREATE TABLE folding (unicode TEXT NOT NULL) STRICT;
