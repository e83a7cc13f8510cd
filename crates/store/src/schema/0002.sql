CREATE TEMP TABLE waiting AS
SELECT queue.peer, counter, epoch, at, kind, text, detail, queue.vanish FROM queue JOIN peers ON peers.id = queue.peer;
DROP TABLE queue;
CREATE TABLE queue (
    peer INTEGER NOT NULL REFERENCES peers (id) ON DELETE CASCADE,
    counter INTEGER NOT NULL,
    epoch BLOB NOT NULL CHECK (length(epoch) = 16),
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    text TEXT,
    detail TEXT,
    vanish INTEGER,
    PRIMARY KEY (peer, counter)
) STRICT, WITHOUT ROWID;
INSERT INTO queue (peer, counter, epoch, at, kind, text, detail, vanish)
SELECT peer, counter, epoch, at, kind, text, detail, vanish FROM temp.waiting;
DROP TABLE temp.waiting;
ALTER TABLE peers DROP COLUMN epoch;
ALTER TABLE peers ADD COLUMN dropped INTEGER NOT NULL DEFAULT 0;

DROP TABLE words;
DELETE FROM folding;
CREATE VIRTUAL TABLE words_0 USING fts5 (
    peer, text, content = '', columnsize = 0, detail = none, tokenize = 'trigram case_sensitive 1'
);
INSERT INTO words_0 (words_0, rank) VALUES ('secure-delete', 1);
INSERT INTO words_0 (words_0, rank) VALUES ('crisismerge', 64);
