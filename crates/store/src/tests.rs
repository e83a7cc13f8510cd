mod keychain;
mod killed;
mod migration;
mod model;
mod place;
mod search;
mod secure;
mod vault;
mod writing;

use crate::{
    Bound, Change, Inbox, KeptLine, MemoryKeychain, Origin, Passphrase, PeerRecord, Profile, Queued, Seal, Seed, Store,
    Vault,
};
use p2p_comm_model::{Content, DeviceKey, Epoch, Name, PeerAddress, PeerId, Retention, Text};
use tempfile::TempDir;
use zeroize::Zeroizing;

const BOB: PeerId = PeerId(2);

/// A computer: a directory for the store, and a keychain.
struct Computer {
    directory: TempDir,
    keychain: MemoryKeychain,
}

impl Computer {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), keychain: MemoryKeychain::new() }
    }

    fn vault(&self) -> Vault {
        Vault::for_test(&self.directory.path().join("profile"), &self.keychain)
    }

    /// A store with alice's profile and bob on her list.
    fn with_bob(&self) -> Store {
        let mut store = self.vault().create(&Seal::Keychain).unwrap();
        store.write(&[Change::Profile(profile()), Change::Peer(bob())]).unwrap();
        store
    }

    fn open(&self) -> Store {
        self.vault().open(&Seal::Keychain).unwrap()
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join("profile").join(name)
    }
}

fn passphrase(text: &str) -> Seal {
    Seal::Passphrase(Passphrase::parse(text).unwrap())
}

fn profile() -> Profile {
    let name = Some(Name::parse("alice").unwrap());
    Profile { seed: Seed(Zeroizing::new([7; 32])), name, port: Some(47_800), retention: Retention::Forever }
}

fn bob() -> PeerRecord {
    peer(BOB)
}

fn peer(id: PeerId) -> PeerRecord {
    PeerRecord {
        id,
        label: Name::parse("bob").unwrap(),
        name: Some(Name::parse("Bob Builder").unwrap()),
        addresses: vec![
            PeerAddress::parse("bob.example:47800").unwrap(),
            PeerAddress::parse("[2001:db8::1]:9").unwrap(),
        ],
        blocked: false,
        bound: Some(Bound { device: DeviceKey([id.0 as u8; 32]), kept: true }),
        verified: true,
        muted: false,
        pinned: true,
        gain_db: -2.5,
        draft: "not yet".into(),
        retention: None,
        vanish: None,
    }
}

fn text(text: &str) -> Content {
    Text::parse(text).unwrap().into()
}

/// A message of theirs that came in at `seq` ms.
fn line(seq: u64, says: &str) -> KeptLine {
    let at = seq as i64;
    KeptLine { seq, origin: Origin::Theirs, content: text(says), sent_at: at, at, expires_at: None, unsupported: false }
}

fn queued(counter: u64, says: &str) -> Queued {
    Queued { epoch: Epoch([2; 16]), counter, at: 5, content: text(says), vanish: None }
}

fn inbox(highest: u64) -> Inbox {
    Inbox { device: DeviceKey([2; 32]), epoch: Epoch([9; 16]), highest }
}

fn texts<'a>(lines: impl IntoIterator<Item = &'a KeptLine>) -> Vec<String> {
    let says = |line: &KeptLine| match &line.content {
        Content::Text { text } => text.as_str().to_owned(),
        Content::Link { url, .. } => url.as_str().to_owned(),
        other => format!("{other:?}"),
    };
    lines.into_iter().map(says).collect()
}

/// All that is to go.
fn sweep(store: &mut Store, now: i64) -> Vec<crate::Expired> {
    let mut gone = Vec::new();
    loop {
        let swept = store.sweep(now, true).unwrap();
        gone.extend(swept.gone);
        if !swept.more {
            return gone;
        }
    }
}
