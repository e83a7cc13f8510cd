use super::*;
use crate::error::Keychain as Trouble;
use crate::keychain::Purpose;
use crate::{Error, Forgotten, Found};
use keyring_core::mock;
use std::time::{Duration, Instant};
use std::{fs, thread};

/// Makes the next call about this entry fail.
fn fail(alice: &Computer, user: &str, error: keyring_core::Error) {
    let found = alice.keychain.store.search(&[("user", user)].into()).unwrap();
    found[0].as_any().downcast_ref::<mock::Cred>().unwrap().set_error(error);
}

#[cfg(target_os = "linux")]
#[test]
fn a_keychain_that_is_locked_refuses_or_has_another_key_is_told_apart() {
    let alice = Computer::new();
    drop(alice.with_bob());
    let no_access = |error| keyring_core::Error::NoStorageAccess(Box::new(error));
    for (error, expected) in [
        (no_access(secret_service::Error::Locked), Trouble::Locked),
        (no_access(secret_service::Error::Prompt), Trouble::Refused),
        (no_access(secret_service::Error::NoResult), Trouble::Absent),
        (keyring_core::Error::NoEntry, Trouble::WithoutKey),
    ] {
        fail(&alice, "key-", error);
        let opened = alice.vault().open(&Seal::Keychain);
        assert!(matches!(&opened, Err(Error::Keychain(trouble)) if *trouble == expected), "{:?}", opened.err());
    }
    let entry = &alice.keychain.store.search(&[("user", "key-")].into()).unwrap()[0];
    entry.set_secret(&[1; 32]).unwrap();
    assert!(matches!(alice.vault().open(&Seal::Keychain), Err(Error::Keychain(Trouble::WithoutKey))));
    assert_eq!(alice.vault().found().unwrap(), Found::Keychain);
}

/// Where the system's own says that the person refused.
fn refused() -> keyring_core::Error {
    keyring_core::Error::NoStorageAccess("refused".into())
}

fn key_file(alice: &Computer) -> String {
    fs::read_to_string(alice.file("store.key.json")).unwrap()
}

/// What the keychain has, by the beginning of its name.
fn has(alice: &Computer, user: &str) -> bool {
    alice.keychain.store.search(&[("user", user)].into()).unwrap().iter().any(|entry| entry.get_secret().is_ok())
}

/// Until it is so.
fn wait(what: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !what() {
        assert!(Instant::now() < until, "it did not come to that");
        thread::yield_now();
    }
}

/// The keychain asks alice, who is away for longer than anybody waits; then she answers.
fn late<T>(alice: &mut Computer, work: impl FnOnce(&Vault) -> T) -> T {
    alice.keychain.patience = Duration::from_millis(100);
    let asks = alice.keychain.asks.clone();
    let asking = asks.lock().unwrap();
    let done = work(&alice.vault());
    drop(asking);
    // One change after the other: when this is over, so is what was late.
    alice.keychain.patience = Duration::from_secs(60);
    alice.vault().keychain().remove("nobody", Purpose::Key).unwrap();
    done
}

#[test]
fn a_keychain_that_says_no_leaves_the_former_seal() {
    let alice = Computer::new();
    let store = alice.with_bob();
    fail(&alice, "key-", refused());
    let resealed = alice.vault().reseal(&store.unsealed(), &passphrase("one"));
    assert!(matches!(resealed, Err(Error::Keychain(Trouble::Refused))), "{resealed:?}");
    drop(store);
    assert_eq!(alice.open().load(0).unwrap().peers.len(), 1);
}

#[test]
fn a_passphrase_opens_whatever_a_keychain_may_have_done_with_the_key() {
    let mut alice = Computer::new();
    let store = alice.with_bob();
    let resealed = late(&mut alice, |vault| vault.reseal(&store.unsealed(), &passphrase("one")));
    assert!(matches!(resealed, Err(Error::KeyLeft(Trouble::Unanswered))), "{resealed:?}");
    assert!(!has(&alice, "key-"), "the test itself: it was carried out late");
    drop(store);
    let store = alice.vault().open(&passphrase("one")).unwrap();
    assert_eq!(store.load(0).unwrap().peers.len(), 1);
    wait(|| !key_file(&alice).contains("left"));
    // A keychain that broke may have done it or not, too.
    alice.vault().reseal(&store.unsealed(), &Seal::Keychain).unwrap();
    fail(&alice, "key-", keyring_core::Error::NotSupportedByStore("x".into()));
    let resealed = alice.vault().reseal(&store.unsealed(), &passphrase("two"));
    assert!(matches!(resealed, Err(Error::KeyLeft(Trouble::Failed(_)))), "{resealed:?}");
    drop(store);
    assert!(alice.vault().open(&passphrase("two")).is_ok());
}

#[test]
fn what_a_keychain_takes_too_late_it_loses_again() {
    let mut alice = Computer::new();
    let made = late(&mut alice, |vault| vault.create(&Seal::Keychain));
    assert!(matches!(made, Err(Error::Keychain(Trouble::Unanswered))), "{:?}", made.err());
    assert!(!has(&alice, "key-"));
    let store = alice.vault().create(&passphrase("one")).unwrap();
    let remembered = late(&mut alice, |vault| vault.remember_password("secret"));
    assert!(matches!(remembered, Err(Error::Keychain(Trouble::Unanswered))), "{remembered:?}");
    assert!(!has(&alice, "password-"));
    let resealed = late(&mut alice, |vault| vault.reseal(&store.unsealed(), &Seal::Keychain));
    assert!(matches!(resealed, Err(Error::Keychain(Trouble::Unanswered))), "{resealed:?}");
    assert!(!has(&alice, "key-"));
    drop(store);
    assert!(alice.vault().open(&passphrase("one")).is_ok());
}

#[test]
fn sealing_by_the_keychain_what_it_seals_already_loses_nothing_however_late_it_is_answered() {
    let mut alice = Computer::new();
    let store = alice.with_bob();
    let resealed = late(&mut alice, |vault| vault.reseal(&store.unsealed(), &Seal::Keychain));
    assert!(matches!(resealed, Err(Error::Keychain(Trouble::Unanswered))), "{resealed:?}");
    drop(store);
    let store = alice.open();
    // One that somebody deleted there is put back.
    alice.keychain.store.search(&[("user", "key-")].into()).unwrap()[0].delete_credential().unwrap();
    alice.vault().reseal(&store.unsealed(), &Seal::Keychain).unwrap();
    drop(store);
    alice.open();
}

#[test]
fn what_was_given_up_takes_nothing_from_who_tries_again() {
    let mut alice = Computer::new();
    let store = alice.vault().create(&passphrase("one")).unwrap();
    let (unsealed, asks) = (store.unsealed(), alice.keychain.asks.clone());
    alice.keychain.patience = Duration::from_millis(100);
    let asking = asks.lock().unwrap();
    assert!(alice.vault().reseal(&unsealed, &Seal::Keychain).is_err());
    // It waits behind what was given up, and is answered with it.
    alice.keychain.patience = Duration::from_secs(60);
    let vault = alice.vault();
    let again = thread::spawn(move || vault.reseal(&unsealed, &Seal::Keychain));
    drop(asking);
    again.join().unwrap().unwrap();
    drop(store);
    alice.open();
}

/// As a program leaves it that was killed between the key file and the keychain.
#[test]
fn a_key_that_was_left_in_the_keychain_goes_once_the_passphrase_opens_the_store() {
    let alice = Computer::new();
    let store = alice.with_bob();
    fail(&alice, "key-", keyring_core::Error::NotSupportedByStore("x".into()));
    alice.vault().reseal(&store.unsealed(), &passphrase("one")).unwrap_err();
    drop(store);
    assert!(has(&alice, "key-") && key_file(&alice).contains("left"));
    // Nobody is asked for that alone.
    let asking = alice.keychain.asks.lock().unwrap();
    let vault = alice.vault();
    vault.open(&passphrase("one")).unwrap();
    vault.take_out();
    assert!(has(&alice, "key-") && key_file(&alice).contains("left"));
    drop(asking);
    vault.open(&passphrase("one")).unwrap();
    wait(|| !key_file(&alice).contains("left"));
    assert!(!has(&alice, "key-"));
}

#[test]
fn forgetting_says_what_the_keychain_may_still_have() {
    let alice = Computer::new();
    drop(alice.with_bob());
    fail(&alice, "key-", keyring_core::Error::NotSupportedByStore("x".into()));
    let forgotten = alice.vault().forget().unwrap();
    assert!(
        forgotten.iter().any(|forgotten| matches!(forgotten, Forgotten::Left(Trouble::Failed(_)))),
        "{forgotten:?}"
    );
    assert_eq!(alice.vault().found().unwrap(), Found::Nothing);
}

/// A real Secret Service (gnome-keyring) on a bus of the test's own.
#[cfg(target_os = "linux")]
mod real {
    use super::*;
    use std::io::{BufRead as _, BufReader};
    use std::path::{Path, PathBuf};
    use std::process::{Child, Command, Stdio};
    use tempfile::TempDir;

    /// A session bus, which ends with this. Whoever asks for the Secret Service makes the bus start it.
    struct Bus {
        daemon: Child,
        address: String,
    }

    impl Bus {
        /// `keyring`: a line of shell that becomes the service, if there is to be one.
        fn new(home: &Path, keyring: Option<&str>) -> Self {
            let services = home.join("services");
            let _ = fs::remove_dir_all(&services);
            fs::create_dir_all(&services).unwrap();
            if let Some(keyring) = keyring {
                fs::write(home.join("keyring.sh"), keyring).unwrap();
                let exec = format!(
                    "[D-BUS Service]\nName=org.freedesktop.secrets\nExec=/bin/sh {}/keyring.sh\n",
                    home.display()
                );
                fs::write(services.join("org.freedesktop.secrets.service"), exec).unwrap();
            }
            let config = format!(
                r#"<busconfig><type>session</type><listen>unix:dir={0}</listen><auth>EXTERNAL</auth><servicedir>{0}/services</servicedir>
                <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>"#,
                home.display()
            );
            fs::write(home.join("bus.conf"), config).unwrap();
            let mut daemon = Command::new("dbus-daemon");
            daemon
                .arg("--nofork")
                .arg("--print-address")
                .arg(format!("--config-file={}", home.join("bus.conf").display()));
            for name in ["HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"] {
                daemon.env(name, home);
            }
            daemon.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").env_remove("GNOME_KEYRING_CONTROL");
            let mut daemon = daemon.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
            let mut address = String::new();
            BufReader::new(daemon.stdout.take().unwrap()).read_line(&mut address).unwrap();
            Self { daemon, address: address.trim().to_owned() }
        }

        fn run(&self, test: &str, home: &Path) {
            run_on(&self.address, test, home);
        }
    }

    /// Runs one of the tests below that are ignored in a child that uses this bus.
    fn run_on(address: &str, test: &str, home: &Path) {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args([&format!("tests::keychain::real::{test}"), "--exact", "--ignored", "--nocapture"]);
        let output = child.env("DBUS_SESSION_BUS_ADDRESS", address).env("P2P_COMM_KEYCHAIN", home).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && said.contains("1 passed"),
            "{said}{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    impl Drop for Bus {
        fn drop(&mut self) {
            let _ = self.daemon.kill();
            let _ = self.daemon.wait();
        }
    }

    const UNLOCKED: &str = "printf login | exec gnome-keyring-daemon --foreground --components=secrets --unlock";
    const LOCKED: &str = "exec gnome-keyring-daemon --foreground --components=secrets";

    fn home() -> TempDir {
        // A short path: sockets have room for about 100 characters.
        tempfile::Builder::new().prefix("keyring").tempdir_in("/tmp").unwrap()
    }

    fn directory() -> PathBuf {
        Path::new(&std::env::var_os("P2P_COMM_KEYCHAIN").unwrap()).join("profile")
    }

    fn vault() -> Vault {
        Vault::at(&directory())
    }

    #[test]
    fn the_keychain_of_a_desktop_keeps_the_key_and_the_password() {
        let home = home();
        Bus::new(home.path(), Some(UNLOCKED)).run("creates", home.path());
        Bus::new(home.path(), Some(UNLOCKED)).run("opens_and_forgets", home.path());
    }

    #[test]
    #[ignore = "a part of another test"]
    fn creates() {
        let mut store = vault().create(&Seal::Keychain).unwrap();
        store.write(&[Change::Profile(profile()), Change::Peer(bob())]).unwrap();
        vault().remember_password("shared secret").unwrap();
    }

    #[test]
    #[ignore = "a part of another test"]
    fn opens_and_forgets() {
        assert_eq!(vault().open(&Seal::Keychain).unwrap().load(0).unwrap().peers[0].record, bob());
        assert_eq!(vault().password().unwrap().unwrap().as_str(), "shared secret");
        let forgotten = vault().forget().unwrap();
        assert!(forgotten.contains(&Forgotten::Key) && forgotten.contains(&Forgotten::Password), "{forgotten:?}");
        assert!(vault().forget().unwrap().is_empty());
    }

    #[test]
    fn without_a_keychain_on_the_bus_or_a_bus_it_is_said_to_be_absent() {
        let home = home();
        let bus = Bus::new(home.path(), None);
        bus.run("finds_no_keychain", home.path());
        run_on("unix:path=/nonexistent/bus", "finds_no_keychain", home.path());
    }

    #[test]
    #[ignore = "a part of another test"]
    fn finds_no_keychain() {
        let refused = vault().create(&Seal::Keychain);
        assert!(matches!(refused, Err(Error::Keychain(Trouble::Absent))), "{:?}", refused.err());
        assert_eq!(vault().found().unwrap(), Found::Nothing);
    }

    #[test]
    fn a_locked_keychain_that_nobody_unlocks_is_told_apart_and_loses_nothing() {
        let home = home();
        Bus::new(home.path(), Some(UNLOCKED)).run("creates", home.path());
        Bus::new(home.path(), Some(LOCKED)).run("is_refused", home.path());
        Bus::new(home.path(), Some(UNLOCKED)).run("opens_and_forgets", home.path());
    }

    #[test]
    fn the_keychain_of_a_desktop_gives_a_key_up_unasked_or_keeps_it() {
        let home = home();
        Bus::new(home.path(), Some(UNLOCKED)).run("leaves_the_key", home.path());
        Bus::new(home.path(), Some(LOCKED)).run("is_not_asked_for_the_key", home.path());
        Bus::new(home.path(), Some(UNLOCKED)).run("takes_the_key_out", home.path());
    }

    #[test]
    #[ignore = "a part of another test"]
    fn leaves_the_key() {
        let store = vault().create(&Seal::Keychain).unwrap();
        // As a program leaves it that is killed before it takes the key out.
        let id = vault().file().unwrap().id();
        vault().reseal(&store.unsealed(), &passphrase("one")).unwrap();
        vault().keychain().set_key(&id, store.key()).unwrap();
        let left = vault().file().unwrap().with_left(true);
        left.write(&directory().join("store.key.json")).unwrap();
    }

    #[test]
    #[ignore = "a part of another test"]
    fn is_not_asked_for_the_key() {
        vault().take_out();
        assert!(vault().file().unwrap().left);
    }

    #[test]
    #[ignore = "a part of another test"]
    fn takes_the_key_out() {
        assert!(vault().file().unwrap().left);
        vault().open(&passphrase("one")).unwrap();
        wait(|| !vault().file().unwrap().left);
        assert!(!vault().forget().unwrap().contains(&Forgotten::Key));
    }

    #[test]
    #[ignore = "a part of another test"]
    fn is_refused() {
        let refused = vault().open(&Seal::Keychain);
        assert!(matches!(refused, Err(Error::Keychain(Trouble::Refused | Trouble::Locked))), "{:?}", refused.err());
        assert_eq!(vault().found().unwrap(), Found::Keychain);
    }
}
