use super::*;
use crate::error::Keychain as Trouble;
use crate::{Error, Forgotten, Found};
use keyring_core::mock;

/// Makes the next call about this entry fail.
fn fail(alice: &Computer, user: &str, error: keyring_core::Error) {
    let found = alice.keychain.0.search(&[("user", user)].into()).unwrap();
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
    let entry = &alice.keychain.0.search(&[("user", "key-")].into()).unwrap()[0];
    entry.set_secret(&[1; 32]).unwrap();
    assert!(matches!(alice.vault().open(&Seal::Keychain), Err(Error::Keychain(Trouble::WithoutKey))));
    assert_eq!(alice.vault().found().unwrap(), Found::Keychain);
}

#[test]
fn a_keychain_that_does_not_give_the_key_up_leaves_the_former_seal() {
    let alice = Computer::new();
    let store = alice.with_bob();
    fail(&alice, "key-", keyring_core::Error::NotSupportedByStore("x".into()));
    assert!(matches!(
        alice.vault().reseal(&store.unsealed(), &passphrase("one")),
        Err(Error::Keychain(Trouble::Failed(_)))
    ));
    drop(store);
    assert_eq!(alice.open().load(0).unwrap().peers.len(), 1);
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
    use std::fs;
    use std::io::{BufRead as _, BufReader};
    use std::path::Path;
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

    fn vault() -> Vault {
        Vault::at(&Path::new(&std::env::var_os("P2P_COMM_KEYCHAIN").unwrap()).join("profile"))
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
    #[ignore = "a part of another test"]
    fn is_refused() {
        let refused = vault().open(&Seal::Keychain);
        assert!(matches!(refused, Err(Error::Keychain(Trouble::Refused | Trouble::Locked))), "{:?}", refused.err());
        assert_eq!(vault().found().unwrap(), Found::Keychain);
    }
}
