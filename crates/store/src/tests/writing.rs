use super::*;
use crate::{Error, Extent};
use p2p_comm_model::{CallEnd, CallRecord, Link, Notice};

#[test]
fn what_was_written_is_there_after_a_restart() {
    let alice = Computer::new();
    let mut store = alice.with_bob();
    let changes = [
        Change::Inbox(BOB, inbox(3)),
        Change::Queued(BOB, queued(1, "one")),
        Change::Queued(BOB, Queued { vanish: Some(300), ..queued(2, "two") }),
        Change::Line(BOB, line(0, "hello")),
        Change::Setting("theme".into(), Some("\"dark\"".into())),
    ];
    store.write(&changes).unwrap();
    drop(store);
    let kept = alice.open().load(10).unwrap();
    assert_eq!(kept.profile, Some(profile()));
    assert_eq!(kept.settings["theme"], "\"dark\"");
    let [with_bob] = &*kept.peers else { panic!("{kept:?}") };
    assert_eq!(with_bob.record, bob());
    assert_eq!(with_bob.queue, [queued(1, "one"), Queued { vanish: Some(300), ..queued(2, "two") }]);
    assert_eq!((with_bob.acked, &*with_bob.inboxes), (0, &[inbox(3)][..]));
    assert_eq!(with_bob.extent, Extent { first: 0, end: 1, read: 0, unread: 1 });
    assert_eq!(with_bob.tail, [line(0, "hello")]);
}

#[test]
fn every_kind_of_content_comes_back_as_it_was() {
    let alice = Computer::new();
    let mut store = alice.with_bob();
    let call = CallRecord { end: CallEnd::NoAnswer, seconds: None };
    let contents = [
        text("a \u{1f600}\n \0 text"),
        Link::parse("https://bücher.example/a?b#c").unwrap().into(),
        Link::parse("mailto:bob@example.org").unwrap().into(),
        Content::Call { call },
        Content::Notice { notice: Notice::KeyChanged },
        Content::Unknown,
    ];
    let origins = [Origin::Mine(4), Origin::OurCall, Origin::Theirs, Origin::App];
    let mut lines = Vec::new();
    for (seq, content) in contents.into_iter().enumerate() {
        let origin = origins[seq % origins.len()];
        lines.push(KeptLine { origin, content, sent_at: -1, expires_at: Some(9), ..line(seq as u64, "x") });
    }
    let changes: Vec<_> = lines.iter().cloned().map(|line| Change::Line(BOB, line)).collect();
    store.write(&changes).unwrap();
    assert_eq!(store.reader().unwrap().page(BOB, None, 100).unwrap(), lines);
}

#[test]
fn a_batch_is_written_as_a_whole_or_not_at_all() {
    let alice = Computer::new();
    let mut store = alice.with_bob();
    let stranger = PeerId(77);
    for bad in [
        Change::Line(stranger, line(0, "x")),
        Change::Queued(stranger, queued(1, "x")),
        Change::Inbox(stranger, inbox(1)),
        Change::Acked(stranger, 1),
        Change::Read(stranger, 1),
    ] {
        let refused = store.write(&[Change::Line(BOB, line(0, "hello")), bad.clone()]);
        assert!(matches!(refused, Err(Error::NoSuchPeer(peer)) if peer == stranger), "{bad:?} {refused:?}");
    }
    assert!(store.load(10).unwrap().peers[0].tail.is_empty());
    store.write(&[Change::Line(BOB, line(0, "hello"))]).unwrap();
}

#[test]
fn an_acknowledgement_empties_the_queue_up_to_it_and_never_goes_back() {
    let alice = Computer::new();
    let mut store = alice.with_bob();
    let queue: Vec<_> = (1..=4).map(|counter| Change::Queued(BOB, queued(counter, "x"))).collect();
    store.write(&queue).unwrap();
    store.write(&[Change::Acked(BOB, 2), Change::Acked(BOB, 1)]).unwrap();
    let with_bob = store.load(0).unwrap().peers.remove(0);
    assert_eq!((with_bob.acked, with_bob.queue), (2, vec![queued(3, "x"), queued(4, "x")]));
}

#[test]
fn an_entry_that_is_written_again_keeps_what_belongs_to_it() {
    let alice = Computer::new();
    let mut store = alice.with_bob();
    store.write(&[Change::Line(BOB, line(0, "a")), Change::Acked(BOB, 5), Change::Read(BOB, 1)]).unwrap();
    let renamed = PeerRecord { label: Name::parse("Robert").unwrap(), vanish: Some(60), ..bob() };
    store.write(&[Change::Peer(renamed.clone())]).unwrap();
    let with_bob = store.load(9).unwrap().peers.remove(0);
    assert_eq!(with_bob.record, renamed);
    assert_eq!((with_bob.acked, with_bob.extent.read, with_bob.tail.len()), (5, 1, 1));
}

#[test]
fn a_removed_entry_leaves_nothing() {
    let alice = Computer::new();
    let mut store = alice.with_bob();
    store
        .write(&[Change::Line(BOB, line(0, "a")), Change::Queued(BOB, queued(1, "x")), Change::Inbox(BOB, inbox(1))])
        .unwrap();
    store.write(&[Change::Removed(BOB)]).unwrap();
    store.write(&[Change::Peer(bob())]).unwrap();
    let with_bob = store.load(9).unwrap().peers.remove(0);
    assert_eq!((with_bob.tail.len(), with_bob.queue.len(), with_bob.inboxes.len()), (0, 0, 0));
    assert_eq!(with_bob.extent, Extent::default());
}

#[test]
fn sequence_numbers_are_not_used_again_after_lines_were_deleted() {
    let alice = Computer::new();
    let mut store = alice.with_bob();
    store.write(&[Change::Line(BOB, line(7, "a")), Change::Line(BOB, line(9, "b"))]).unwrap();
    store.write(&[Change::DropLines(BOB, 0..8)]).unwrap();
    assert_eq!(store.load(9).unwrap().peers[0].extent, Extent { first: 9, end: 10, read: 0, unread: 1 });
    store.write(&[Change::DropLines(BOB, 0..u64::MAX)]).unwrap();
    assert_eq!(store.load(9).unwrap().peers[0].extent, Extent { first: 10, end: 10, read: 0, unread: 0 });
}

#[test]
fn what_counts_as_unread_are_messages_and_missed_calls_of_theirs() {
    let alice = Computer::new();
    let mut store = alice.with_bob();
    let call = |seq, seconds| KeptLine {
        content: Content::Call { call: CallRecord { end: CallEnd::HungUp, seconds } },
        ..line(seq, "x")
    };
    let missed = KeptLine {
        content: Content::Call { call: CallRecord { end: CallEnd::NoAnswer, seconds: None } },
        ..line(2, "x")
    };
    let notice = KeptLine { origin: Origin::App, content: Content::Notice { notice: Notice::NewKey }, ..line(4, "x") };
    let mine = KeptLine { origin: Origin::Mine(1), ..line(3, "x") };
    let lines = [line(0, "read"), line(1, "x"), missed, mine, notice, call(5, Some(3))];
    store.write(&lines.map(|line| Change::Line(BOB, line))).unwrap();
    store.write(&[Change::Read(BOB, 1)]).unwrap();
    let extent = store.reader().unwrap().extent(BOB).unwrap().unwrap();
    assert_eq!(extent, Extent { first: 0, end: 6, read: 1, unread: 2 });
}

#[test]
fn pages_walk_both_ways_over_gaps() {
    let alice = Computer::new();
    let mut store = alice.with_bob();
    let lines: Vec<_> = (0..50).map(|n| Change::Line(BOB, line(n * 2, "x"))).collect();
    store.write(&lines).unwrap();
    let reader = store.reader().unwrap();
    let seqs = |lines: Vec<KeptLine>| lines.iter().map(|line| line.seq).collect::<Vec<_>>();
    assert_eq!(seqs(reader.page(BOB, None, 3).unwrap()), [94, 96, 98]);
    assert_eq!(seqs(reader.page(BOB, Some(94), 2).unwrap()), [90, 92]);
    assert_eq!(seqs(reader.page(BOB, Some(3), 9).unwrap()), [0, 2]);
    assert_eq!(seqs(reader.page_from(BOB, 95, 9).unwrap()), [96, 98]);
    assert_eq!(reader.lines(BOB, 10).count(), 45);
}

#[test]
fn a_reader_sees_what_is_written_after_it_was_made_and_cannot_write() {
    let alice = Computer::new();
    let mut store = alice.with_bob();
    let reader = store.reader().unwrap();
    std::thread::scope(|scope| {
        store.write(&[Change::Line(BOB, line(0, "hello"))]).unwrap();
        let counts = scope.spawn(move || reader.counts().unwrap()).join().unwrap();
        assert_eq!((counts.peers, counts.lines, counts.queued), (1, 1, 0));
        assert!(counts.bytes > 0);
    });
}

#[test]
fn a_message_that_cannot_be_shown_there_is_marked() {
    let alice = Computer::new();
    let mut store = alice.with_bob();
    let mine = |seq, counter| KeptLine { origin: Origin::Mine(counter), ..line(seq, "x") };
    store.write(&[Change::Line(BOB, mine(0, 1)), Change::Line(BOB, mine(1, 2)), Change::Unsupported(BOB, 1)]).unwrap();
    let marks: Vec<_> = store.load(9).unwrap().peers[0].tail.iter().map(|line| line.unsupported).collect();
    assert_eq!(marks, [true, false]);
}

#[test]
fn lines_go_when_the_time_of_their_conversation_is_over() {
    let alice = Computer::new();
    let mut store = alice.with_bob();
    let (day, carol) = (Retention::Day.span().unwrap(), PeerId(3));
    let forever = PeerRecord { retention: Some(Retention::Forever), ..peer(carol) };
    store.write(&[Change::Profile(Profile { retention: Retention::Day, ..profile() }), Change::Peer(forever)]).unwrap();
    store
        .write(&[
            Change::Line(BOB, line(10, "old")),
            Change::Line(BOB, line(11, "new")),
            Change::Line(carol, line(10, "old")),
            Change::Read(BOB, 12),
            Change::Read(carol, 11),
        ])
        .unwrap();
    assert_eq!(store.sweep(10 + day, false).unwrap(), crate::Swept::default(), "the clock may be wrong");
    assert!(sweep(&mut store, 9 + day).is_empty());
    let expired = sweep(&mut store, 10 + day);
    assert_eq!(expired, [crate::Expired { peer: BOB, lines: 1, first: 11, until: 10 }]);
    let reader = store.reader().unwrap();
    assert_eq!(texts(&reader.page(BOB, None, 9).unwrap()), ["new"]);
    assert_eq!(texts(&reader.page(carol, None, 9).unwrap()), ["old"]);
}

#[test]
fn what_was_not_read_or_waits_for_bob_stays_however_old_it_is() {
    let alice = Computer::new();
    let mut store = alice.with_bob();
    let mine = |seq, counter| KeptLine { origin: Origin::Mine(counter), ..line(seq, "mine") };
    store.write(&[Change::Profile(Profile { retention: Retention::Day, ..profile() })]).unwrap();
    store
        .write(&[
            Change::Line(BOB, line(0, "read")),
            Change::Line(BOB, mine(1, 1)),
            Change::Line(BOB, mine(2, 2)),
            Change::Line(BOB, line(3, "not read")),
            Change::Queued(BOB, queued(2, "mine")),
            Change::Acked(BOB, 1),
            Change::Read(BOB, 3),
        ])
        .unwrap();
    let year = 365 * Retention::Day.span().unwrap();
    assert_eq!(sweep(&mut store, year).iter().map(|gone| gone.lines).sum::<u64>(), 2);
    let seqs = |store: &Store| store.load(9).unwrap().peers[0].tail.iter().map(|line| line.seq).collect::<Vec<_>>();
    assert_eq!(seqs(&store), [2, 3]);
    store.write(&[Change::Acked(BOB, 2), Change::Read(BOB, 4)]).unwrap();
    sweep(&mut store, year);
    assert_eq!(seqs(&store), [0; 0], "now their time counts");
    store
        .write(&[
            Change::Line(BOB, line(4, "not read")),
            Change::Profile(Profile { retention: Retention::Off, ..profile() }),
        ])
        .unwrap();
    sweep(&mut store, 0);
    assert_eq!(seqs(&store), [0; 0], "what is not kept goes in any case");
}

#[test]
fn looking_for_old_lines_costs_nothing_where_none_may_go() {
    let alice = Computer::new();
    let mut store = alice.with_bob();
    let lines: Vec<_> = (0..500).map(|n| Change::Line(BOB, line(n, "x"))).collect();
    store.write(&lines).unwrap();
    let sql = format!("SELECT id, peer FROM lines WHERE {}", crate::tables::lines::OVER);
    let mut plan = store.connection().prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let plan = plan.query_map((BOB.0, 0, 0, 0), |row| row.get::<_, String>(3)).unwrap();
    let plan = plan.collect::<Result<Vec<_>, _>>().unwrap();
    assert!(plan.iter().any(|step| step.contains("lines_by_age")), "{plan:?}");
    assert!(!plan.iter().any(|step| step.contains("SCAN lines") || step.contains("TEMP")), "{plan:?}");
    let steps = |at: i64, read: i64| {
        let mut statement = store.connection().prepare(&sql).unwrap();
        assert!(!statement.exists((BOB.0, at, read, 0)).unwrap());
        statement.get_status(rusqlite::StatementStatus::VmStep)
    };
    assert!(steps(1000, 0) < 50, "nothing was read: {}", steps(1000, 0));
    assert!(steps(-1, 500) < 50, "nothing is old: {}", steps(-1, 500));
}

#[test]
fn a_line_goes_at_its_time_and_what_waits_for_bob_stays() {
    let alice = Computer::new();
    let mut store = alice.with_bob();
    let vanishing = KeptLine { expires_at: Some(1000), ..line(1, "gone") };
    let waiting = Queued { at: 500, vanish: Some(1), ..queued(1, "waits") };
    store
        .write(&[Change::Line(BOB, line(0, "a")), Change::Line(BOB, vanishing), Change::Line(BOB, line(2, "b"))])
        .unwrap();
    let mine = KeptLine { origin: Origin::Mine(7), ..line(3, "gone, too") };
    store.write(&[Change::Line(BOB, mine), Change::Expires(BOB, 7, 1200)]).unwrap();
    store.write(&[Change::Queued(BOB, waiting.clone())]).unwrap();
    sweep(&mut store, 999);
    assert_eq!(store.load(9).unwrap().peers[0].tail.len(), 4);
    sweep(&mut store, 1500);
    let with_bob = store.load(9).unwrap().peers.remove(0);
    assert_eq!((texts(&with_bob.tail), with_bob.queue), (vec!["a".into(), "b".into()], vec![waiting]));
}

#[test]
fn many_lines_go_piece_by_piece_unseen_and_what_comes_meanwhile_stays() {
    let alice = Computer::new();
    let mut store = alice.with_bob();
    let carol = PeerId(3);
    store.write(&[Change::Peer(peer(carol))]).unwrap();
    for n in 0..50 {
        store.write(&[Change::Line(BOB, line(n, "dropped")), Change::Line(carol, line(n, "kept"))]).unwrap();
    }
    store.write(&[Change::DropLines(BOB, 0..u64::MAX)]).unwrap();
    store.write(&[Change::Line(BOB, line(50, "new"))]).unwrap();
    let left = |store: &Store| -> i64 {
        let sql = "SELECT count(*) FROM lines WHERE text = 'dropped'";
        store.connection().query_row(sql, (), |row| row.get(0)).unwrap()
    };
    let seen = |store: &Store| {
        let reader = store.reader().unwrap();
        let found = reader.search(&["dropped"], None, 99, |text| text == "dropped").unwrap().lines.len();
        let with_bob = store.load(99).unwrap().peers.remove(0);
        let pages = (texts(&reader.page(BOB, None, 99).unwrap()), texts(&reader.page_from(BOB, 0, 99).unwrap()));
        (found, with_bob.extent.first, reader.lines(BOB, 0).count(), texts(&with_bob.tail), pages)
    };
    let only = vec!["new".to_owned()];
    let expected = (0, 50, 1, only.clone(), (only.clone(), only));
    let mut pieces = Vec::new();
    while left(&store) > 0 {
        assert_eq!(seen(&store), expected);
        pieces.push(left(&store));
        assert!(store.sweep(0, true).unwrap().more);
        // A start in between changes nothing.
        drop(store);
        store = alice.open();
    }
    assert!(pieces.len() > 5, "{pieces:?}");
    sweep(&mut store, 0);
    assert_eq!(seen(&store), expected);
    assert_eq!(store.reader().unwrap().lines(carol, 0).count(), 50);
}

#[test]
fn a_line_that_comes_back_while_many_go_stays() {
    let alice = Computer::new();
    let mut store = alice.with_bob();
    let lines: Vec<_> = (0..50).map(|n| Change::Line(BOB, line(n, "x"))).collect();
    store.write(&lines).unwrap();
    store.write(&[Change::DropLines(BOB, 0..u64::MAX), Change::Line(BOB, line(7, "back"))]).unwrap();
    sweep(&mut store, 0);
    assert_eq!(texts(&store.load(99).unwrap().peers[0].tail), ["back"]);
}

#[test]
fn many_calls_leave_no_word_and_go_as_well() {
    let alice = Computer::new();
    let mut store = alice.with_bob();
    let call = Content::Call { call: CallRecord { end: CallEnd::HungUp, seconds: Some(3) } };
    let calls: Vec<_> =
        (0..50).map(|n| Change::Line(BOB, KeptLine { content: call.clone(), ..line(n, "x") })).collect();
    store.write(&calls).unwrap();
    store.write(&[Change::DropLines(BOB, 0..u64::MAX)]).unwrap();
    sweep(&mut store, 0);
    assert_eq!(store.reader().unwrap().counts().unwrap().lines, 0);
}

#[test]
fn a_label_that_is_no_name_any_more_gives_way_to_the_address() {
    let alice = Computer::new();
    let store = alice.with_bob();
    for (addresses, label) in [(bob().addresses.as_slice(), "bob.example:47800"), (&[], "?")] {
        let json = serde_json::to_string(&addresses.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap();
        store.connection().execute("UPDATE peers SET label = char(8203), addresses = ?1", (json,)).unwrap();
        assert_eq!(store.load(0).unwrap().peers[0].record.label.as_str(), label);
    }
}
