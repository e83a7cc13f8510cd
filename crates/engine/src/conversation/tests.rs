use super::*;
use p2p_comm_model::{Delivery, Page, Text};

fn text(text: &str) -> Content {
    Text::parse(text).unwrap().into()
}

fn page(conversation: &Conversation, before: Option<u64>, limit: usize) -> Page {
    conversation.plan(PeerId(1), Ask::Before(before, limit)).ready().ok().unwrap()
}

fn page_from(conversation: &Conversation, from: u64, limit: usize) -> Page {
    conversation.plan(PeerId(1), Ask::From(from, limit)).ready().ok().unwrap()
}

fn conversation() -> Conversation {
    Conversation::new(Watermarks { sent: 0, acked: 0 })
}

#[test]
fn a_message_of_ours_moves_from_queued_to_delivered() {
    let mut with_bob = conversation();
    with_bob.sent(1, 10, text("hi"), None);
    let delivery = |c: &Conversation| page(c, None, 10).lines[0].delivery;
    assert_eq!(delivery(&with_bob), Some(Delivery::Queued));
    with_bob.delivery(0, Watermarks { sent: 1, acked: 0 });
    assert_eq!(delivery(&with_bob), Some(Delivery::Sent));
    with_bob.delivery(0, Watermarks { sent: 1, acked: 1 });
    assert_eq!(delivery(&with_bob), Some(Delivery::Delivered));
    with_bob.unsupported(1);
    assert_eq!(delivery(&with_bob), Some(Delivery::Unsupported));
}

#[test]
fn pages_walk_back_to_the_first_line() {
    let mut with_bob = conversation();
    for n in 0..450 {
        with_bob.received(n, n, text(&n.to_string()), None);
    }
    let newest = page(&with_bob, None, 200);
    assert_eq!((newest.lines[0].seq, newest.lines.len(), newest.end), (250, 200, 450));
    let oldest = page(&with_bob, Some(50), 200);
    assert_eq!((oldest.lines[0].seq, oldest.lines.len()), (0, 50));
    assert!(page(&with_bob, Some(0), 200).lines.is_empty());
}

#[test]
fn a_reader_gets_what_is_new_and_no_more() {
    let mut with_bob = conversation();
    for n in 0..450 {
        with_bob.received(n, n, text(&n.to_string()), None);
    }
    let seqs = |from| page_from(&with_bob, from, 200).lines.iter().map(|line| line.seq).collect::<Vec<_>>();
    assert_eq!(seqs(0), (0..200).collect::<Vec<_>>());
    assert_eq!(seqs(300), (300..450).collect::<Vec<_>>());
    assert_eq!((seqs(449), seqs(450), seqs(9999)), (vec![449], vec![], vec![]));
}

#[test]
fn the_oldest_lines_go_when_there_are_too_many_and_a_line_says_so() {
    let mut with_bob = conversation();
    let large = text(&"x".repeat(limits::TEXT));
    let fit = limits::LINES_BYTES / limits::TEXT;
    for n in 0..fit as i64 + 5 {
        with_bob.received(n, n, large.clone(), None);
    }
    let page = page(&with_bob, Some(10), 200);
    assert_eq!(page.first, 5);
    assert_eq!(page.lines[0].content, Content::Notice { notice: Notice::OldestDropped });
    assert_eq!(page.lines[1].seq, 5);
}

#[test]
fn reading_clears_the_unread_count() {
    let mut with_bob = conversation();
    with_bob.received(0, 0, text("one"), None);
    with_bob.received(0, 0, text("two"), None);
    assert_eq!(with_bob.unread(), 2);
    assert!(with_bob.mark_read());
    assert!(!with_bob.mark_read());
    assert_eq!(with_bob.unread(), 0);
}

#[test]
fn what_will_disappear_is_known_before_it_is_acknowledged() {
    let mut with_bob = conversation();
    with_bob.sent(1, 10, text("stays"), None);
    with_bob.sent(2, 20, text("goes"), Some(300));
    assert_eq!(with_bob.will_vanish(), BTreeSet::from([1]));
    with_bob.delivery(1000, Watermarks { sent: 2, acked: 2 });
    assert!(with_bob.will_vanish().is_empty());
    assert_eq!(page(&with_bob, None, 10).lines[1].vanishes_at, Some(301_000));
}

#[test]
fn what_only_the_store_has_disappears_too_once_it_is_acknowledged() {
    let life = [(1, 300)].into();
    let extent = Extent { first: 0, end: 5, read: 5, unread: 0 };
    let sent = Watermarks { sent: 1, acked: 0 };
    let mut with_bob = Conversation::restore(sent, Vec::new(), extent, &life, true);
    with_bob.delivery(1000, Watermarks { sent: 1, acked: 1 });
    let changes = with_bob.unwritten(PeerId(2));
    assert!(matches!(changes[..], [Change::Expires(PeerId(2), 1, 301_000)]), "{changes:?}");
    assert_eq!(with_bob.next_expiry(), None, "the store looks for it");
}

#[test]
fn times_beyond_all_calendars_are_brought_to_their_end() {
    let mut with_bob = conversation();
    with_bob.received(i64::MAX, i64::MIN, text("hi"), None);
    let line = &page(&with_bob, None, 10).lines[0];
    assert_eq!((line.sent_at, line.at), (TIMES, -TIMES));
}
