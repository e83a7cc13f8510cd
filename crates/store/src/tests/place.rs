//! Disks that are full or read-only, and files that vanish: on a file system of the test's own, in a namespace of its own.
#![cfg(target_os = "linux")]

use super::*;
use crate::Error;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Runs one of the tests below that are ignored in a child, with a file system of 3 MiB at `P2P_COMM_SMALL_DISK`.
fn on_a_small_disk(test: &str) {
    let directory = tempfile::tempdir().unwrap();
    let script = r#"mount -t tmpfs -o size=3m none "$P2P_COMM_SMALL_DISK" && exec "$0" "$@""#;
    let mut child = Command::new("unshare");
    child.args(["--user", "--map-root-user", "--mount", "sh", "-c", script]);
    child.arg(std::env::current_exe().unwrap()).args([
        &format!("tests::place::{test}"),
        "--exact",
        "--ignored",
        "--nocapture",
    ]);
    let output = child.env("P2P_COMM_SMALL_DISK", directory.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

fn small_disk() -> std::path::PathBuf {
    std::env::var_os("P2P_COMM_SMALL_DISK").unwrap().into()
}

fn remount(options: &str) {
    let mounted = Command::new("mount").args(["-o", &format!("remount,{options}")]).arg(small_disk()).status().unwrap();
    assert!(mounted.success());
}

#[test]
fn a_full_disk_is_named_and_nothing_is_lost() {
    on_a_small_disk("on_a_full_disk");
}

#[test]
#[ignore = "a part of another test"]
fn on_a_full_disk() {
    let (disk, keychain) = (small_disk(), MemoryKeychain::new());
    let vault = Vault::for_test(&disk.join("profile"), &keychain);
    let mut store = vault.create(&Seal::Keychain).unwrap();
    store.write(&[Change::Profile(profile()), Change::Peer(bob())]).unwrap();
    let batch = |n: u64| {
        (n * 10..n * 10 + 10).map(|seq| Change::Line(BOB, line(seq, &"word ".repeat(200)))).collect::<Vec<_>>()
    };
    let mut written = 0;
    let refused = loop {
        match store.write(&batch(written)) {
            Ok(()) => written += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, Error::Full), "{refused:?} after {written}");
    assert!(written > 0);
    let count = |store: &Store| store.reader().unwrap().counts().unwrap().lines;
    assert_eq!(count(&store), written * 10);
    remount("size=64m");
    store.write(&batch(written)).unwrap();
    drop(store);
    assert_eq!(count(&vault.open(&Seal::Keychain).unwrap()), written * 10 + 10);
}

#[test]
fn a_disk_that_is_full_from_the_start_gets_no_half_store() {
    on_a_small_disk("on_a_disk_that_is_full_from_the_start");
}

#[test]
#[ignore = "a part of another test"]
fn on_a_disk_that_is_full_from_the_start() {
    let (disk, keychain) = (small_disk(), MemoryKeychain::new());
    let _ = fs::write(disk.join("filler"), vec![1; 4 << 20]);
    let vault = Vault::for_test(&disk.join("profile"), &keychain);
    let refused = vault.create(&Seal::Keychain);
    assert!(matches!(refused, Err(Error::Full)), "{:?}", refused.err());
    assert_eq!(fs::read_dir(&disk).unwrap().count(), 1);
    fs::remove_file(disk.join("filler")).unwrap();
    vault.create(&Seal::Keychain).unwrap();
}

#[test]
fn a_read_only_disk_is_named_and_nothing_is_lost() {
    on_a_small_disk("on_a_read_only_disk");
}

#[test]
#[ignore = "a part of another test"]
fn on_a_read_only_disk() {
    let (disk, keychain) = (small_disk(), MemoryKeychain::new());
    let vault = Vault::for_test(&disk.join("profile"), &keychain);
    let mut store = vault.create(&Seal::Keychain).unwrap();
    store.write(&[Change::Profile(profile()), Change::Peer(bob())]).unwrap();
    drop(store);
    remount("ro");
    let read_only = |error: Option<Error>| assert!(matches!(error, Some(Error::ReadOnly)), "{error:?}");
    read_only(vault.open(&Seal::Keychain).err());
    read_only(Vault::for_test(&disk.join("another"), &keychain).create(&Seal::Keychain).err());
    read_only(vault.forget().err());
    remount("rw");
    assert_eq!(vault.open(&Seal::Keychain).unwrap().load(0).unwrap().peers.len(), 1);
}

#[test]
fn files_that_were_deleted_or_replaced_are_missed_before_anything_is_written_into_nowhere() {
    let spoil: [fn(&Path); 4] = [
        |file| fs::remove_file(file).unwrap(),
        |file| fs::remove_file(crate::files::beside(file, "-wal")).unwrap(),
        |file| fs::remove_dir_all(file.parent().unwrap()).unwrap(),
        |file| {
            let copy = crate::files::beside(file, ".copy");
            fs::copy(file, &copy).unwrap();
            fs::rename(copy, file).unwrap();
        },
    ];
    for spoil in spoil {
        let alice = Computer::new();
        let mut store = alice.with_bob();
        spoil(&alice.file("store.db"));
        let refused = store.write(&[Change::Line(BOB, line(0, "x"))]);
        assert!(matches!(refused, Err(Error::Gone)), "{refused:?}");
        assert!(matches!(store.reader(), Err(Error::Gone)));
    }
}
