//! A store that cannot be used: gone, damaged, not opened on purpose, or put back from a copy.

use crate::keep::{PASSPHRASE, options, remembered};
use crate::lab::{befriend, pass, person};
use p2p_comm_engine::mem::Network;
use p2p_comm_engine::{Code, Delivery, Engine, Keeping, SealedBy};
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

#[tokio::test(start_paused = true)]
#[cfg_attr(windows, ignore = "nobody takes away there what is open")]
async fn a_store_that_vanishes_holds_messages_up_until_the_person_decides() {
    let (network, directory) = (Network::new(306), TempDir::new().unwrap());
    let mut alice = remembered("alice", 1, options(&network, 1, &directory), &network).await;
    let mut bob = person(&network, "bob", 2).await;
    let (to_bob, to_alice) = befriend(&mut alice, &mut bob).await;
    alice.handle.flush().await.unwrap();
    for file in std::fs::read_dir(directory.path().join("kept")).unwrap() {
        std::fs::remove_file(file.unwrap().path()).unwrap();
    }
    alice.handle.send_text(to_bob, "waits").await.unwrap();
    bob.handle.send_text(to_alice, "is seen").await.unwrap();
    alice
        .until("the trouble is shown", async |handle| {
            let state = handle.remembered().await.unwrap().state;
            (state == Keeping::Failed { code: Code::StoreGone, open: true }).then_some(())
        })
        .await;
    alice.until_heard(to_bob, &["is seen"]).await;
    pass(Duration::from_secs(60)).await;
    assert_eq!(alice.handle.flush().await.unwrap_err().code, Code::StoreGone);
    assert_eq!(bob.heard(to_alice).await, Vec::<String>::new(), "nothing leaves before it is kept");
    assert_eq!(bob.said(to_alice, Delivery::Delivered).await, Vec::<String>::new(), "nor is acknowledged");
    alice.handle.forget_everything().await.unwrap();
    bob.until_heard(to_alice, &["waits"]).await;
    bob.until("delivered", async |handle| {
        let page = handle.page(to_alice, None).await.unwrap();
        page.lines.iter().any(|line| line.delivery == Some(Delivery::Delivered)).then_some(())
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_damaged_store_is_set_aside_and_one_begins_anew() {
    let (network, directory) = (Network::new(312), TempDir::new().unwrap());
    let alice = remembered("alice", 1, options(&network, 1, &directory), &network).await;
    alice.handle.close().await.unwrap();
    drop(alice);
    let kept = directory.path().join("kept");
    std::fs::write(kept.join("store.key.json"), "{").unwrap();
    let handle = Engine::spawn(options(&network, 1, &directory));
    let state = async || handle.remembered().await.unwrap().state;
    assert_eq!(state().await, Keeping::Failed { code: Code::StoreDamaged, open: false });
    let aside = handle.set_store_aside().await.unwrap();
    assert!(aside.len() >= 2 && aside.iter().all(|path| path.exists()), "{aside:?}");
    assert_eq!(state().await, Keeping::Off);
    handle.remember(PASSPHRASE).await.unwrap();
    assert_eq!(state().await, Keeping::Open { by: SealedBy::Passphrase });
    assert!(aside.iter().all(|path| path.exists()), "nothing of it is deleted");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_only_writing_finds_damaged_is_closed_and_set_aside() {
    let (network, directory) = (Network::new(314), TempDir::new().unwrap());
    let alice = remembered("alice", 1, options(&network, 1, &directory), &network).await;
    alice.add_at("bob", "10.0.0.2:47800".parse().unwrap()).await;
    assert_eq!(alice.handle.set_store_aside().await.unwrap_err().code, Code::AlreadyRemembered);
    alice.handle.close().await.unwrap();
    drop(alice);
    let database = directory.path().join("kept/store.db");
    let whole = std::fs::read(&database).unwrap();
    let mut damaged = None;
    for page in 1..whole.len() / 4096 {
        let mut bytes = whole.clone();
        bytes[page * 4096 + 100] ^= 1;
        std::fs::write(&database, bytes).unwrap();
        let handle = Engine::spawn(options(&network, 1, &directory));
        let written = async {
            handle.unlock(PASSPHRASE).await?;
            Ok::<_, p2p_comm_engine::Error>(handle.flush().await)
        };
        match written.await {
            Ok(Err(error)) => {
                assert_eq!(error.code, Code::StoreDamaged);
                damaged = Some(handle);
                break;
            }
            Ok(Ok(())) => handle.close().await.unwrap(),
            Err(error) => assert_eq!(error.code, Code::StoreDamaged),
        }
    }
    let handle = damaged.expect("a page that opening does not read and writing does");
    let state = async || handle.remembered().await.unwrap().state;
    assert_eq!(state().await, Keeping::Failed { code: Code::StoreDamaged, open: true });
    let aside = handle.set_store_aside().await.unwrap();
    assert!(aside.len() >= 2 && aside.iter().all(|path| path.exists()), "{aside:?}");
    assert_eq!(state().await, Keeping::Off);
    assert_eq!(handle.peers().await.unwrap().len(), 1, "what is in memory stays");
    handle.remember(PASSPHRASE).await.unwrap();
    assert_eq!(state().await, Keeping::Open { by: SealedBy::Passphrase });
}

#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn who_starts_without_what_is_kept_stays_so_however_late_it_opens() {
    let (network, directory) = (Network::new(313), TempDir::new().unwrap());
    let alice = remembered("alice", 1, options(&network, 1, &directory), &network).await;
    alice.add_at("bob", "10.0.0.2:47800".parse().unwrap()).await;
    alice.handle.close().await.unwrap();
    drop(alice);
    let handle = Engine::spawn(options(&network, 1, &directory));
    // A file that gives nothing until somebody writes into it stands in for a keychain that asks the person.
    let key_file = directory.path().join("kept/store.key.json");
    let json = std::fs::read(&key_file).unwrap();
    std::fs::remove_file(&key_file).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&key_file).status().unwrap().success());
    let unlocking = tokio::spawn({
        let handle = handle.clone();
        async move { handle.unlock(PASSPHRASE).await }
    });
    let pipe = key_file.clone();
    let opened = tokio::task::spawn_blocking(move || std::fs::OpenOptions::new().write(true).open(pipe));
    // Somebody reads: it is being opened.
    let mut pipe = opened.await.unwrap().unwrap();
    assert_eq!(handle.remembered().await.unwrap().state, Keeping::Locked { by: SealedBy::Passphrase });
    handle.start_without().await.unwrap();
    let beside = key_file.with_extension("beside");
    std::fs::write(&beside, &json).unwrap();
    std::fs::rename(&beside, &key_file).unwrap();
    pipe.write_all(&json).unwrap();
    drop(pipe);
    assert_eq!(unlocking.await.unwrap().unwrap_err().code, Code::KeychainRefused);
    assert_eq!(handle.remembered().await.unwrap().state, Keeping::Locked { by: SealedBy::Passphrase });
    assert!(handle.peers().await.unwrap().is_empty());
    handle.unlock(PASSPHRASE).await.unwrap();
    assert_eq!(handle.peers().await.unwrap().len(), 1, "asked anew it opens");
}

/// Puts the files of one directory into another, in the place of what was there.
fn copy(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    std::fs::create_dir(to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_profile_that_is_put_back_from_a_copy_loses_and_doubles_no_message() {
    let (network, directory) = (Network::new(310), TempDir::new().unwrap());
    let (kept, backup) = (directory.path().join("kept"), directory.path().join("backup"));
    let mut alice = remembered("alice", 1, options(&network, 1, &directory), &network).await;
    let mut bob = person(&network, "bob", 2).await;
    let (to_bob, to_alice) = befriend(&mut alice, &mut bob).await;
    let mut said = Vec::new();
    for (run, count) in [3, 3, 2].into_iter().enumerate() {
        if run > 0 {
            alice = remembered("alice", 1, options(&network, 1, &directory), &network).await;
        }
        for _ in 0..count {
            said.push(said.len().to_string());
            alice.handle.send_text(to_bob, said.last().unwrap()).await.unwrap().delivered().await.unwrap();
        }
        alice.handle.close().await.unwrap();
        match run {
            0 => copy(&kept, &backup),
            _ => copy(&backup, &kept),
        }
    }
    let said: Vec<_> = said.iter().map(String::as_str).collect();
    bob.until_heard(to_alice, &said).await;
}
