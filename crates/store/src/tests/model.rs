//! Random changes and restarts, against the same things in memory.

use super::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone)]
enum Step {
    Write(Vec<Change>),
    /// A batch that fails at its end.
    Fail(Vec<Change>),
    Expire(i64),
    Restart,
}

#[derive(Default)]
struct Conversation {
    lines: BTreeMap<u64, KeptLine>,
    queue: BTreeMap<u64, Queued>,
    inbox: Option<Inbox>,
    acked: u64,
    end: u64,
    read: u64,
}

const WORDS: [&str; 5] = ["apple", "Apfel", "ap", "pear tree", "x"];

fn peers() -> impl Strategy<Value = PeerId> {
    (1..4u32).prop_map(PeerId)
}

fn changes() -> impl Strategy<Value = Change> {
    let says = proptest::sample::select(&WORDS[..]);
    let lines = (0..12u64, says.clone(), proptest::option::of(0..20i64)).prop_map(|(seq, says, expires_at)| {
        let origin = [Origin::Theirs, Origin::Mine(seq), Origin::App][seq as usize % 3];
        KeptLine { origin, expires_at, ..line(seq, says) }
    });
    let queues = (1..9u64, says, proptest::option::of(0..3u32))
        .prop_map(|(counter, says, vanish)| Queued { vanish, ..queued(counter, says) });
    prop_oneof![
        1 => peers().prop_map(|id| Change::Peer(peer(id))),
        1 => peers().prop_map(Change::Removed),
        8 => (peers(), lines).prop_map(|(peer, line)| Change::Line(peer, line)),
        3 => (peers(), queues).prop_map(|(peer, queued)| Change::Queued(peer, queued)),
        1 => (peers(), 1..9u64).prop_map(|(peer, counter)| Change::Acked(peer, counter)),
        1 => (peers(), 0..12u64).prop_map(|(peer, seq)| Change::Read(peer, seq)),
        1 => (peers(), 0..9u64).prop_map(|(peer, highest)| Change::Inbox(peer, Inbox { device: DeviceKey([peer.0 as u8; 32]), ..inbox(highest) })),
        1 => (peers(), 0..12u64).prop_map(|(peer, counter)| Change::Unsupported(peer, counter)),
        1 => (peers(), 0..12u64, 0..20i64).prop_map(|(peer, counter, at)| Change::Expires(peer, counter, at)),
        2 => (peers(), 0..12u64, 0..12u64).prop_map(|(peer, a, b)| Change::DropLines(peer, a.min(b)..a.max(b))),
    ]
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => proptest::collection::vec(changes(), 1..12).prop_map(Step::Write),
        1 => proptest::collection::vec(changes(), 1..6).prop_map(Step::Fail),
        1 => (0..20i64).prop_map(Step::Expire),
        1 => Just(Step::Restart),
    ]
}

/// Whether there was an entry for it.
fn apply(model: &mut BTreeMap<PeerId, Conversation>, change: &Change) -> bool {
    let mut with = |peer: &PeerId, work: &mut dyn FnMut(&mut Conversation)| model.get_mut(peer).map(work).is_some();
    match change {
        Change::Peer(peer) => drop(model.entry(peer.id).or_default()),
        Change::Removed(peer) => drop(model.remove(peer)),
        Change::Line(peer, line) => {
            return with(peer, &mut |with| {
                with.lines.insert(line.seq, line.clone());
                with.end = with.end.max(line.seq + 1);
            });
        }
        Change::Queued(peer, queued) => {
            return with(peer, &mut |with| drop(with.queue.insert(queued.counter, queued.clone())));
        }
        Change::Acked(peer, counter) => {
            return with(peer, &mut |with| {
                with.acked = with.acked.max(*counter);
                with.queue.retain(|waiting, _| waiting > counter);
            });
        }
        Change::Read(peer, seq) => return with(peer, &mut |with| with.read = *seq),
        Change::Inbox(peer, inbox) => return with(peer, &mut |with| with.inbox = Some(*inbox)),
        Change::Unsupported(peer, counter) => {
            let mark = &mut |with: &mut Conversation| {
                let mine = |line: &&mut KeptLine| line.origin == Origin::Mine(*counter);
                with.lines.values_mut().rev().find(mine).into_iter().for_each(|line| line.unsupported = true);
            };
            with(peer, mark);
        }
        Change::Expires(peer, counter, at) => {
            let set = &mut |with: &mut Conversation| {
                let mine = |line: &&mut KeptLine| line.origin == Origin::Mine(*counter);
                with.lines.values_mut().rev().find(mine).into_iter().for_each(|line| line.expires_at = Some(*at));
            };
            with(peer, set);
        }
        Change::DropLines(peer, seqs) => _ = with(peer, &mut |with| with.lines.retain(|seq, _| !seqs.contains(seq))),
        Change::Profile(_) | Change::Setting(..) => unreachable!(),
    }
    true
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn any_changes_and_restarts_leave_what_a_map_would_have(steps in proptest::collection::vec(steps(), 1..40)) {
        let alice = Computer::new();
        let mut model = BTreeMap::new();
        let mut store = alice.vault().create(&Seal::Keychain).unwrap();
        for step in steps {
            match step {
                Step::Write(mut changes) => {
                    changes.retain(|change| apply(&mut model, change));
                    store.write(&changes).unwrap();
                }
                Step::Fail(mut changes) => {
                    changes.push(Change::Line(PeerId(99), line(0, "x")));
                    prop_assert!(store.write(&changes).is_err());
                }
                Step::Expire(now) => {
                    sweep(&mut store, now);
                    for with in model.values_mut() {
                        with.lines.retain(|_, line| line.expires_at.is_none_or(|at| at > now));
                    }
                }
                Step::Restart => {
                    drop(store);
                    store = alice.open();
                }
            }
            let kept = store.load(100).unwrap().peers;
            prop_assert_eq!(kept.iter().map(|kept| kept.record.id).collect::<Vec<_>>(), model.keys().copied().collect::<Vec<_>>());
            for (kept, with) in kept.iter().zip(model.values()) {
                prop_assert_eq!(&kept.tail, &with.lines.values().cloned().collect::<Vec<_>>());
                prop_assert_eq!(&kept.queue, &with.queue.values().cloned().collect::<Vec<_>>());
                prop_assert_eq!(kept.inboxes.first().copied(), with.inbox);
                prop_assert_eq!((kept.acked, kept.extent.end, kept.extent.read), (with.acked, with.end, with.read));
                prop_assert_eq!(kept.extent.first, with.lines.keys().next().copied().unwrap_or(with.end));
            }
            let reader = store.reader().unwrap();
            for word in WORDS {
                let has = |text: &str| text.to_lowercase().contains(&word.to_lowercase());
                let found: BTreeSet<_> = reader.search(&[word], None, 1000, has).unwrap().lines.into_iter().map(|hit| (hit.peer, hit.line.seq)).collect();
                let there: BTreeSet<_> = model.iter().flat_map(|(peer, with)| {
                    with.lines.values().filter(|line| has(&texts([*line])[0])).map(|line| (*peer, line.seq))
                }).collect();
                prop_assert_eq!(found, there, "{}", word);
            }
        }
    }
}
