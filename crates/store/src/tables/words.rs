//! Which lines have which trigrams. Texts are folded here, so that "any case" is the same for the index and for whoever looks at a text.

use super::lines;
use p2p_comm_model::PeerId;
use rusqlite::{Connection, OptionalExtension as _, Result};

pub(crate) fn add(connection: &Connection, id: i64, peer: PeerId, text: &str) -> Result<()> {
    let mut statement = connection.prepare_cached("INSERT INTO words (rowid, peer, text) VALUES (?1, ?2, ?3)")?;
    statement.execute((id, token(peer), folded(text)))?;
    Ok(())
}

/// Takes the very words that were added.
pub(crate) fn remove(connection: &Connection, id: i64, peer: PeerId, text: &str) -> Result<()> {
    let sql = "INSERT INTO words (words, rowid, peer, text) VALUES ('delete', ?1, ?2, ?3)";
    connection.prepare_cached(sql)?.execute((id, token(peer), folded(text)))?;
    Ok(())
}

/// What lines must have to be looked at, as an expression of FTS5; none if no word is long enough.
pub(crate) fn query(words: &[&str], peer: Option<PeerId>) -> Option<String> {
    let folded: Vec<Vec<char>> = words.iter().map(|word| word.chars().map(fold).collect()).collect();
    let mut terms: Vec<String> =
        folded.iter().flat_map(|word| word.windows(3)).map(|three| three.iter().collect()).collect();
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
    anew(&transaction)?;
    transaction.execute("DELETE FROM folding", ())?;
    transaction.execute("INSERT INTO folding (unicode) VALUES (?1)", (&version,))?;
    transaction.commit()
}

/// Makes the index of the lines that there are.
pub(crate) fn anew(connection: &Connection) -> Result<()> {
    connection.execute("INSERT INTO words (words) VALUES ('delete-all')", ())?;
    lines::each_text(connection, |id, peer, text| add(connection, id, peer, text))
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
        assert_eq!(query(&["ab", ""], Some(PeerId(1))), None);
    }
}
