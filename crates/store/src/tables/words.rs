//! Which lines have which trigrams. Texts are folded here, so that "any case" is the same for the index and for whoever looks at a text.
//! The index is in parts, each a table of its own for lines whose ids are near: to take words out of a large one takes long, and
//! long is no transaction that messages wait for.

use super::lines;
use p2p_comm_model::PeerId;
use rusqlite::{Connection, OptionalExtension as _, Result};
use std::ops::Range;

/// Ids of one part: so few that it is made anew in about a second, so many that a search asks few of them. In tests they cross
/// its ends.
const PART: i64 = if cfg!(test) { 8 } else { 1 << 15 };

/// The part with the words of a line.
pub(crate) fn part(id: i64) -> i64 {
    id / PART
}

/// The lines whose words are in a part.
pub(crate) fn ids(part: i64) -> Range<i64> {
    part * PART..(part + 1) * PART
}

pub(crate) fn table(part: i64) -> String {
    format!("words_{part}")
}

/// Every part, the newest first.
pub(crate) fn parts(connection: &Connection) -> Result<Vec<i64>> {
    let mut statement = connection.prepare_cached("SELECT name FROM sqlite_schema WHERE name GLOB 'words_[0-9]*'")?;
    let names: Vec<String> = statement.query_map((), |row| row.get(0))?.collect::<Result<_>>()?;
    // What FTS5 has beside each has a longer name.
    let mut parts: Vec<i64> = names.iter().filter_map(|name| name.strip_prefix("words_")?.parse().ok()).collect();
    parts.sort_unstable_by(|a, b| b.cmp(a));
    Ok(parts)
}

/// As the first one, which comes with the schema.
pub(crate) fn create(connection: &Connection, part: i64) -> Result<()> {
    let table = table(part);
    connection.execute_batch(&format!(
        "CREATE VIRTUAL TABLE {table} USING fts5 (
            peer, text, content = '', columnsize = 0, detail = none, tokenize = 'trigram case_sensitive 1'
        );
        INSERT INTO {table} ({table}, rank) VALUES ('secure-delete', 1);
        INSERT INTO {table} ({table}, rank) VALUES ('crisismerge', 64);"
    ))
}

pub(crate) fn add(connection: &Connection, id: i64, peer: PeerId, text: &str) -> Result<()> {
    let table = table(part(id));
    let sql = format!("INSERT INTO {table} (rowid, peer, text) VALUES (?1, ?2, ?3)");
    let insert = || connection.prepare_cached(&sql)?.execute((id, token(peer), folded(text)));
    match insert() {
        // The first line of a part. Anything else may have ended the transaction.
        Err(error) if error.to_string().contains("no such table") => {
            create(connection, part(id))?;
            insert().map(drop)
        }
        result => result.map(drop),
    }
}

/// Takes the very words that were added.
pub(crate) fn remove(connection: &Connection, id: i64, peer: PeerId, text: &str) -> Result<()> {
    let table = table(part(id));
    let sql = format!("INSERT INTO {table} ({table}, rowid, peer, text) VALUES ('delete', ?1, ?2, ?3)");
    connection.prepare_cached(&sql)?.execute((id, token(peer), folded(text)))?;
    Ok(())
}

/// What lines must have to be looked at, as an expression of FTS5; none if no word is long enough.
pub(crate) fn query(words: &[&str], peer: Option<PeerId>) -> Option<String> {
    let folded: Vec<Vec<char>> = words.iter().map(|word| word.chars().map(fold).collect()).collect();
    // Those that cover the word: each more is one more place of the index to look at, and hardly leaves out a line.
    let cover = folded.iter().flat_map(|word| word.chunks_exact(3).chain(word.rchunks_exact(3).take(1)));
    let mut terms: Vec<String> = cover.map(String::from_iter).collect();
    terms.sort_unstable();
    terms.dedup();
    if terms.is_empty() {
        return None;
    }
    terms.extend(peer.map(token));
    let quoted = terms.iter().map(|term| format!("\"{}\"", term.replace('"', "\"\"")));
    Some(quoted.collect::<Vec<_>>().join(" AND "))
}

/// Makes the index anew if it was made with another version of Unicode: letters may be folded in another way since then, and words
/// could neither be found nor removed.
pub(crate) fn renew(connection: &mut Connection) -> Result<()> {
    let (major, minor, update) = char::UNICODE_VERSION;
    let version = format!("{major}.{minor}.{update}");
    let known: Option<String> = connection.query_row("SELECT unicode FROM folding", (), |row| row.get(0)).optional()?;
    if known.as_deref() == Some(&version) {
        return Ok(());
    }
    let transaction = connection.transaction()?;
    for part in parts(&transaction)? {
        empty(&transaction, part)?;
    }
    lines::each_text(&transaction, 0..i64::MAX, |id, peer, text| add(&transaction, id, peer, text))?;
    transaction.execute("DELETE FROM folding", ())?;
    transaction.execute("INSERT INTO folding (unicode) VALUES (?1)", (&version,))?;
    transaction.commit()
}

/// Makes a part of the lines that there are.
pub(crate) fn anew(connection: &Connection, part: i64) -> Result<()> {
    // There is none where no line has a text.
    if parts(connection)?.contains(&part) {
        empty(connection, part)?;
    }
    lines::each_text(connection, ids(part), |id, peer, text| add(connection, id, peer, text))
}

fn empty(connection: &Connection, part: i64) -> Result<()> {
    let table = table(part);
    connection.prepare_cached(&format!("INSERT INTO {table} ({table}) VALUES ('delete-all')"))?.execute(())?;
    Ok(())
}

/// One trigram that is in every line of a conversation and hardly elsewhere.
fn token(peer: PeerId) -> String {
    // Three characters for private use, of 11 bits each.
    let digit = |shift: u32| char::from_u32(0x10_0000 + ((peer.0 >> shift) & 0x7ff)).unwrap_or('\u{fffd}');
    [digit(22), digit(11), digit(0)].iter().collect()
}

fn folded(text: &str) -> String {
    text.chars().map(fold).collect()
}

/// Two characters that simple case folding (Unicode, `CaseFolding.txt`, C and S) makes the same are the same afterwards. A few more
/// are, too, such as the two letters i of Turkish: whoever looks at the line tells them apart.
fn fold(c: char) -> char {
    let upper = only(c.to_uppercase()).unwrap_or(c);
    let lower = only(upper.to_lowercase()).unwrap_or(upper);
    match lower {
        // They differ only in how they are composed, and their upper case has several characters.
        '\u{1fd3}' => '\u{390}',
        '\u{1fe3}' => '\u{3b0}',
        '\u{fb05}' => '\u{fb06}',
        // It would end a query.
        '\0' => '\u{fffd}',
        other => other,
    }
}

fn only(mut chars: impl Iterator<Item = char>) -> Option<char> {
    let first = chars.next()?;
    chars.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

    #[test]
    fn letters_that_a_search_takes_for_the_same_are_folded_to_the_same() {
        for c in char::MIN..=char::MAX {
            let mut same = ClassUnicode::new([ClassUnicodeRange::new(c, c)]);
            same.try_case_fold_simple().unwrap();
            for other in same.iter().flat_map(|range| range.start()..=range.end()) {
                assert_eq!(fold(c), fold(other), "{c:?} {other:?}");
            }
        }
    }

    #[test]
    fn a_query_quotes_what_it_looks_for() {
        assert_eq!(query(&["A\"bc"], None).unwrap(), r#""""bc" AND "a""b""#);
        assert_eq!(query(&["Kettles"], None).unwrap(), r#""ket" AND "les" AND "tle""#);
        assert_eq!(query(&["ab", ""], Some(PeerId(1))), None);
    }
}
