use super::*;
use crate::database;
use crate::schema::{self, VERSION};
use crate::seal::Key;
use crate::{Damage, Error};
use rusqlite::Connection;

/// For each earlier schema, and the newest, rows as that version wrote them. A new migration needs a new fixture; all of them must be
/// read as the same things.
const FIXTURES: &[&str] = &[include_str!("../schema/fixtures/0001.sql"), include_str!("../schema/fixtures/0002.sql")];

#[test]
fn every_earlier_schema_becomes_the_newest_and_loses_nothing() {
    assert_eq!(FIXTURES.len(), VERSION as usize, "each version of the schema has a fixture");
    for (fixture, version) in FIXTURES.iter().zip(1..) {
        let alice = Computer::new();
        let directory = alice.directory.path();
        let (path, key) = (directory.join("store.db"), Key::random());
        crate::files::make_file(&path).unwrap();
        database::create_version(&path, &key, version).unwrap();
        database::plain(&path, &key).unwrap().execute_batch(fixture).unwrap();
        let lock = crate::files::Lock::take(&directory.join("store.lock")).unwrap();
        let store = Store::open(&path, key, lock).unwrap();
        let kept = store.load(9).unwrap();
        assert_eq!(kept.profile, Some(profile()), "version {version}");
        assert_eq!(kept.settings["theme"], "\"dark\"");
        let with_bob = &kept.peers[0];
        assert_eq!(with_bob.record, bob());
        assert_eq!(
            (with_bob.acked, &*with_bob.queue, &*with_bob.inboxes),
            (1, &[queued(2, "waits")][..], &[inbox(3)][..])
        );
        assert_eq!(texts(&with_bob.tail), ["hello", "https://example.org/"]);
        assert_eq!((with_bob.extent.end, with_bob.extent.read), (2, 1));
        let hits = store.reader().unwrap().search(&["hello"], None, 9, |text| text == "hello").unwrap();
        assert_eq!(hits.lines.len(), 1);
    }
}

#[test]
fn the_schema_is_the_one_of_the_document() {
    let mut real = Connection::open_in_memory().unwrap();
    schema::migrate(&mut real).unwrap();
    let document = Connection::open_in_memory().unwrap();
    document.execute_batch(include_str!("../../../../docs/schema.sql")).unwrap();
    let written = |connection: &Connection| {
        let mut statement =
            connection.prepare("SELECT name, coalesce(sql, '') FROM sqlite_schema ORDER BY name").unwrap();
        let rows =
            statement.query_map((), |row| Ok((row.get::<_, String>(0)?, bare(&row.get::<_, String>(1)?)))).unwrap();
        rows.collect::<Result<Vec<_>, _>>().unwrap()
    };
    assert_eq!(written(&document), written(&real));
    let options = |connection: &Connection| {
        let mut statement = connection.prepare("SELECT k, v FROM words_0_config ORDER BY k").unwrap();
        let rows = statement.query_map((), |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))).unwrap();
        rows.collect::<Result<Vec<_>, _>>().unwrap()
    };
    assert_eq!(options(&document), options(&real));
    // Every part of the index is as the first one.
    crate::tables::words::create(&real, 1).unwrap();
    let rest = |part: &str| {
        let own: Vec<_> = written(&real).into_iter().filter(|(name, _)| name.starts_with(part)).collect();
        own.into_iter().map(|(name, sql)| (name.replace(part, ""), sql.replace(part, ""))).collect::<Vec<_>>()
    };
    assert_eq!(rest("words_0"), rest("words_1"));
    let config = |part| format!("SELECT group_concat(k || v) FROM words_{part}_config ORDER BY k");
    let of = |part| real.query_row(&config(part), (), |row| row.get::<_, String>(0)).unwrap();
    assert_eq!(of(0), of(1));
}

/// Without comments, and with single blanks.
fn bare(sql: &str) -> String {
    let lines = sql.lines().map(|line| line.split("--").next().unwrap_or_default());
    let words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
    words.join(" ").replace("( ", "(").replace(" )", ")").replace(" ,", ",")
}

#[test]
fn a_database_of_a_newer_version_is_refused_and_left_as_it_is() {
    let alice = Computer::new();
    let store = alice.with_bob();
    store.connection().pragma_update(None, "user_version", VERSION + 1).unwrap();
    drop(store);
    let before = std::fs::read(alice.file("store.db")).unwrap();
    let refused = alice.vault().open(&Seal::Keychain);
    assert!(matches!(refused, Err(Error::Newer { found, known: VERSION }) if found == VERSION + 1));
    assert!(std::fs::read(alice.file("store.db")).unwrap() == before);
}

#[test]
fn a_key_file_of_a_newer_format_is_told_apart_from_a_damaged_one() {
    let alice = Computer::new();
    drop(alice.with_bob());
    let key_file = alice.file("store.key.json");
    for (json, expected) in [
        (r#"{"format": 2, "seal": "quantum"}"#, crate::Found::Newer),
        (r#"{"format": 1, "seal": "quantum"}"#, crate::Found::Damaged(Damage::KeyFile)),
        ("", crate::Found::Damaged(Damage::KeyFile)),
    ] {
        std::fs::write(&key_file, json).unwrap();
        assert_eq!(alice.vault().found().unwrap(), expected, "{json}");
        assert!(matches!(alice.vault().create(&Seal::Keychain), Err(Error::Exists)));
    }
}
