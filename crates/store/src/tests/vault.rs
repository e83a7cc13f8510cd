use super::*;
use crate::{Damage, Error, Forgotten, Found, error};
use std::fs;

#[test]
fn nothing_is_written_until_somebody_asks() {
    let alice = Computer::new();
    assert_eq!(alice.vault().found().unwrap(), Found::Nothing);
    assert!(matches!(alice.vault().open(&Seal::Keychain), Err(Error::Nothing)));
    assert!(matches!(alice.vault().remember_password("secret"), Err(Error::Nothing)));
    assert!(alice.vault().forget().unwrap().is_empty());
    assert_eq!(fs::read_dir(alice.directory.path()).unwrap().count(), 0);
}

#[test]
fn only_the_right_passphrase_opens_a_store() {
    let alice = Computer::new();
    drop(alice.vault().create(&passphrase("correct horse")).unwrap());
    assert_eq!(alice.vault().found().unwrap(), Found::Passphrase);
    assert!(matches!(alice.vault().open(&passphrase("wrong")), Err(Error::WrongPassphrase)));
    assert!(matches!(alice.vault().open(&Seal::Keychain), Err(Error::OtherSeal)));
    assert!(alice.vault().open(&passphrase("correct horse")).is_ok());
}

#[test]
fn a_store_is_made_only_where_there_is_none() {
    let alice = Computer::new();
    drop(alice.with_bob());
    assert!(matches!(alice.vault().create(&passphrase("x")), Err(Error::Exists)));
    assert_eq!(alice.open().load(0).unwrap().peers.len(), 1);
}

#[test]
fn two_instances_cannot_use_one_store() {
    let alice = Computer::new();
    let store = alice.with_bob();
    assert!(matches!(alice.vault().open(&Seal::Keychain), Err(Error::InUse)));
    assert!(matches!(alice.vault().create(&Seal::Keychain), Err(Error::InUse)));
    assert!(matches!(alice.vault().forget(), Err(Error::InUse)));
    assert!(matches!(alice.vault().set_aside(), Err(Error::InUse)));
    drop(store);
    alice.open();
}

#[test]
fn sealing_anew_changes_what_opens_the_store_and_nothing_else() {
    let alice = Computer::new();
    let store = alice.with_bob();
    let reseal = |to: &Seal| alice.vault().reseal(&store.unsealed(), to).unwrap();
    reseal(&passphrase("one"));
    reseal(&passphrase("two"));
    drop(store);
    assert!(matches!(alice.vault().open(&passphrase("one")), Err(Error::WrongPassphrase)));
    let store = alice.vault().open(&passphrase("two")).unwrap();
    assert_eq!(store.load(0).unwrap().peers[0].record, bob());
    alice.vault().reseal(&store.unsealed(), &Seal::Keychain).unwrap();
    drop(store);
    assert_eq!(alice.open().load(0).unwrap().peers[0].record, bob());
}

#[test]
fn a_passphrase_takes_the_key_out_of_the_keychain() {
    let alice = Computer::new();
    let store = alice.with_bob();
    let key_file = fs::read(alice.file("store.key.json")).unwrap();
    alice.vault().reseal(&store.unsealed(), &passphrase("one")).unwrap();
    drop(store);
    fs::write(alice.file("store.key.json"), key_file).unwrap();
    let opened = alice.vault().open(&Seal::Keychain);
    assert!(matches!(opened, Err(Error::Keychain(error::Keychain::WithoutKey))), "{:?}", opened.err());
}

#[test]
fn what_cannot_be_used_is_set_aside_and_not_overwritten() {
    let alice = Computer::new();
    drop(alice.with_bob());
    let database = fs::read(alice.file("store.db")).unwrap();
    fs::write(alice.file("store.key.json"), "nonsense").unwrap();
    assert_eq!(alice.vault().found().unwrap(), Found::Damaged(Damage::KeyFile));
    let renamed = alice.vault().set_aside().unwrap();
    assert!(renamed.iter().any(|path| fs::read(path).unwrap() == database));
    assert!(renamed.iter().any(|path| fs::read(path).unwrap() == b"nonsense"));
    assert_eq!(alice.vault().found().unwrap(), Found::Nothing);
    alice.with_bob();
}

#[test]
fn a_missing_file_is_named() {
    let alice = Computer::new();
    drop(alice.with_bob());
    fs::rename(alice.file("store.db"), alice.file("elsewhere")).unwrap();
    assert_eq!(alice.vault().found().unwrap(), Found::Damaged(Damage::NoDatabase));
    assert!(matches!(alice.vault().open(&Seal::Keychain), Err(Error::Damaged(Damage::NoDatabase))));
    fs::rename(alice.file("elsewhere"), alice.file("store.db")).unwrap();
    fs::rename(alice.file("store.key.json"), alice.file("elsewhere")).unwrap();
    assert_eq!(alice.vault().found().unwrap(), Found::Damaged(Damage::NoKeyFile));
    assert!(matches!(alice.vault().open(&Seal::Keychain), Err(Error::Damaged(Damage::NoKeyFile))));
    assert!(matches!(alice.vault().create(&Seal::Keychain), Err(Error::Exists)));
}

#[test]
fn a_damaged_database_is_said_to_be_damaged() {
    let alice = Computer::new();
    drop(alice.with_bob());
    let whole = fs::read(alice.file("store.db")).unwrap();
    for cut in [0, 10, 5000] {
        fs::write(alice.file("store.db"), &whole[..cut]).unwrap();
        let opened = alice.vault().open(&Seal::Keychain).and_then(|store| store.load(9));
        assert!(matches!(opened, Err(Error::Damaged(Damage::Database))), "{opened:?}");
    }
    for page in 0..whole.len() / 4096 {
        let mut flipped = whole.clone();
        flipped[page * 4096 + 100] ^= 1;
        fs::write(alice.file("store.db"), &flipped).unwrap();
        // Not every page is read by this.
        let opened = alice.vault().open(&Seal::Keychain).and_then(|store| store.load(9));
        assert!(matches!(opened, Ok(_) | Err(Error::Damaged(Damage::Database))), "page {page}: {opened:?}");
    }
}

#[test]
fn opening_a_damaged_store_changes_nothing_of_it() {
    let alice = Computer::new();
    let mut store = alice.with_bob();
    store.write(&(0..500).map(|seq| Change::Line(BOB, line(seq, "hello"))).collect::<Vec<_>>()).unwrap();
    // As a killed program leaves it: with a log that was not written into the database.
    let files = ["store.db", "store.db-wal", "store.key.json"].map(|name| alice.file(name));
    let killed = files.each_ref().map(|path| fs::read(path).unwrap());
    drop(store);
    assert_ne!(fs::read(&files[0]).unwrap(), killed[0]);
    let put = |bytes: &[Vec<u8>; 3]| files.iter().zip(bytes).for_each(|(path, bytes)| fs::write(path, bytes).unwrap());
    let spoil: [fn(&mut Vec<u8>); 3] = [Vec::clear, |bytes| bytes[..200].fill(7), |bytes| bytes.truncate(10)];
    for spoil in spoil {
        let mut damaged = killed.clone();
        spoil(&mut damaged[0]);
        put(&damaged);
        let opened = alice.vault().open(&Seal::Keychain).and_then(|store| store.load(9));
        assert!(matches!(opened, Err(Error::Damaged(Damage::Database))), "{opened:?}");
        assert!(files.iter().map(|path| fs::read(path).unwrap()).eq(damaged));
    }
    put(&killed);
    assert_eq!(alice.open().load(500).unwrap().peers[0].tail.len(), 500);
}

#[test]
fn a_store_that_was_cut_short_while_it_was_made_is_finished_or_not_there() {
    let alice = Computer::new();
    drop(alice.with_bob());
    // After the key file.
    fs::rename(alice.file("store.db"), alice.file("store.db.new")).unwrap();
    assert_eq!(alice.vault().found().unwrap(), Found::Keychain);
    assert_eq!(alice.open().load(0).unwrap().peers.len(), 1);
    // Before it.
    fs::rename(alice.file("store.db"), alice.file("store.db.new")).unwrap();
    fs::remove_file(alice.file("store.key.json")).unwrap();
    assert_eq!(alice.vault().found().unwrap(), Found::Nothing);
    assert!(alice.vault().create(&Seal::Keychain).unwrap().load(0).unwrap().peers.is_empty());
}

#[test]
fn forgetting_removes_every_file_and_both_entries_and_says_so() {
    let alice = Computer::new();
    drop(alice.with_bob());
    alice.vault().set_aside().unwrap();
    drop(alice.with_bob());
    alice.vault().remember_password("secret").unwrap();
    assert_eq!(alice.vault().password().unwrap().unwrap().as_str(), "secret");
    let forgotten = alice.vault().forget().unwrap();
    let count = |what: &Forgotten| forgotten.iter().filter(|forgotten| *forgotten == what).count();
    assert_eq!(
        (count(&Forgotten::Key), count(&Forgotten::Password), count(&Forgotten::Directory)),
        (2, 1, 1),
        "{forgotten:?}"
    );
    assert!(
        forgotten.contains(&Forgotten::File("store.db".into()))
            && forgotten.contains(&Forgotten::File("store.key.json".into()))
    );
    assert_eq!(fs::read_dir(alice.directory.path()).unwrap().count(), 0);
    assert_eq!(alice.vault().found().unwrap(), Found::Nothing);
}

#[test]
fn forgetting_says_when_nobody_knows_which_entries_were_its_own() {
    for damage in [Some("{"), None] {
        let alice = Computer::new();
        drop(alice.with_bob());
        match damage {
            Some(text) => fs::write(alice.file("store.key.json"), text).unwrap(),
            None => fs::remove_file(alice.file("store.key.json")).unwrap(),
        }
        let forgotten = alice.vault().forget().unwrap();
        assert!(forgotten.contains(&Forgotten::Unnamed) && !forgotten.contains(&Forgotten::Key), "{forgotten:?}");
        assert!(!alice.file("store.db").exists());
    }
}

#[test]
fn a_seal_that_comes_after_everything_was_forgotten_leaves_nothing_behind() {
    let alice = Computer::new();
    let store = alice.with_bob();
    let (unsealed, key_file) = (store.unsealed(), alice.file("store.key.json"));
    fs::remove_file(&key_file).unwrap();
    assert!(alice.vault().reseal(&unsealed, &passphrase("one")).is_err());
    assert!(!key_file.exists());
}

#[test]
fn forgetting_leaves_the_files_of_others() {
    let alice = Computer::new();
    drop(alice.with_bob());
    fs::write(alice.file("settings.json"), "{}").unwrap();
    assert!(!alice.vault().forget().unwrap().contains(&Forgotten::Directory));
    assert_eq!(fs::read(alice.file("settings.json")).unwrap(), b"{}");
}

#[test]
fn the_password_can_be_taken_back() {
    let alice = Computer::new();
    drop(alice.with_bob());
    alice.vault().remember_password("secret").unwrap();
    assert!(alice.vault().forget_password().unwrap());
    assert!(!alice.vault().forget_password().unwrap());
    assert_eq!(alice.vault().password().unwrap(), None);
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let alice = Computer::new();
    let store = alice.with_bob();
    alice.vault().reseal(&store.unsealed(), &passphrase("one")).unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&alice.directory.path().join("profile")), 0o700);
    let files: Vec<_> =
        fs::read_dir(alice.directory.path().join("profile")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 5, "{files:?}");
    for path in files {
        assert_eq!(mode(&path), 0o600, "{path:?}");
    }
}

#[test]
fn damage_that_only_writing_meets_is_named_however_often_it_is_tried() {
    let alice = Computer::new();
    drop(alice.with_bob());
    let whole = fs::read(alice.file("store.db")).unwrap();
    let mut met = 0;
    for page in 1..whole.len() / 4096 {
        let mut flipped = whole.clone();
        flipped[page * 4096 + 100] ^= 1;
        fs::write(alice.file("store.db"), &flipped).unwrap();
        let opened = alice.vault().open(&Seal::Keychain).and_then(|store| store.load(9).map(|_| store));
        let Ok(mut store) = opened else { continue };
        let changes = [Change::Profile(profile()), Change::Line(BOB, line(1, "hello there"))];
        let written = [(); 3].map(|()| store.write(&changes));
        if written[0].is_err() {
            met += 1;
            let damaged = |written: &Result<(), Error>| matches!(written, Err(Error::Damaged(Damage::Database)));
            assert!(written.iter().all(damaged), "page {page}: {written:?}");
        }
    }
    assert!(met > 0, "the test itself: some page is read by writing alone");
}
