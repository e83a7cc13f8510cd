CREATE TABLE profile (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    seed BLOB NOT NULL CHECK (length(seed) = 32),
    name TEXT,
    port INTEGER CHECK (port BETWEEN 1 AND 65535),
    retention TEXT NOT NULL
) STRICT;

CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE peers (
    id INTEGER PRIMARY KEY,
    label TEXT NOT NULL,
    name TEXT,
    addresses TEXT NOT NULL,
    blocked INTEGER NOT NULL,
    device BLOB CHECK (length(device) = 32),
    device_kept INTEGER NOT NULL,
    verified INTEGER NOT NULL,
    muted INTEGER NOT NULL,
    pinned INTEGER NOT NULL,
    gain_db REAL NOT NULL,
    draft TEXT NOT NULL,
    epoch BLOB NOT NULL CHECK (length(epoch) = 16),
    acked INTEGER NOT NULL DEFAULT 0,
    retention TEXT,
    vanish INTEGER,
    "end" INTEGER NOT NULL DEFAULT 0,
    read INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE queue (
    peer INTEGER NOT NULL REFERENCES peers (id) ON DELETE CASCADE,
    counter INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    text TEXT,
    detail TEXT,
    vanish INTEGER,
    PRIMARY KEY (peer, counter)
) STRICT, WITHOUT ROWID;

CREATE TABLE inboxes (
    device BLOB PRIMARY KEY CHECK (length(device) = 32),
    peer INTEGER NOT NULL REFERENCES peers (id) ON DELETE CASCADE,
    epoch BLOB NOT NULL CHECK (length(epoch) = 16),
    highest INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX inboxes_of_peer ON inboxes (peer);

CREATE TABLE lines (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    peer INTEGER NOT NULL REFERENCES peers (id) ON DELETE RESTRICT,
    seq INTEGER NOT NULL,
    sender TEXT NOT NULL CHECK (sender IN ('me', 'them', 'app')),
    counter INTEGER,
    kind TEXT NOT NULL,
    text TEXT,
    detail TEXT,
    sent_at INTEGER NOT NULL,
    at INTEGER NOT NULL,
    expires_at INTEGER,
    unsupported INTEGER NOT NULL DEFAULT 0,
    UNIQUE (peer, seq)
) STRICT;
CREATE INDEX lines_by_age ON lines (peer, at);
CREATE INDEX lines_that_expire ON lines (expires_at) WHERE expires_at IS NOT NULL;

CREATE VIRTUAL TABLE words USING fts5 (
    peer, text, content = '', columnsize = 0, detail = none, tokenize = 'trigram case_sensitive 1'
);
CREATE TABLE folding (unicode TEXT NOT NULL) STRICT;
INSERT INTO words (words, rank) VALUES ('secure-delete', 1);
INSERT INTO words (words, rank) VALUES ('crisismerge', 64);
