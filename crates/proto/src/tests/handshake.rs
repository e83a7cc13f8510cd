use crate::wire::ElementY;
use crate::{Certificates, Failure, Handshake, HandshakeOutput};
use p2p_comm_crypto::{Exchange, Key, Password, PasswordKey, Role, Salt, derive};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const SALT: Salt = Salt([3; 16]);

struct Duo {
    alice: Handshake,
    bob: Handshake,
    dialer_password: &'static str,
}

#[derive(Default)]
struct Outcome {
    paired: bool,
    failed: Option<Failure>,
    sent: Vec<Vec<u8>>,
}

/// Deriving takes long, so each password is derived once.
fn key(password: &'static str) -> Arc<Key<PasswordKey>> {
    static KEYS: Mutex<BTreeMap<&str, Arc<Key<PasswordKey>>>> = Mutex::new(BTreeMap::new());
    let derived = || Arc::new(derive(&Password::parse(password).unwrap(), &SALT));
    KEYS.lock().unwrap().entry(password).or_insert_with(derived).clone()
}

fn duo(alice: &'static str, bob: &'static str) -> Duo {
    let now = Instant::now();
    let key = key(bob);
    let binding = |ours, theirs| Certificates { ours: [ours; 32], theirs: [theirs; 32] };
    Duo {
        alice: Handshake::dial(now, binding(1, 2), [9; 32], [4; 32]),
        bob: Handshake::listen(now, binding(2, 1), [9; 32], [5; 32], SALT, key),
        dialer_password: alice,
    }
}

/// Takes what one side wants; derives at once.
fn drain(side: &mut Handshake, password: &'static str) -> Outcome {
    let mut outcome = Outcome::default();
    while let Some(output) = side.poll_output() {
        match output {
            HandshakeOutput::Send(frame) => outcome.sent.push(frame),
            HandshakeOutput::Derive(salt) => {
                assert_eq!(salt, SALT);
                side.derived(&key(password));
            }
            HandshakeOutput::Paired(_) => outcome.paired = true,
            HandshakeOutput::Failed(failure) => outcome.failed = Some(failure),
        }
    }
    outcome
}

/// Exchanges frames until nothing moves; `tamper` may change frame `n`.
fn run(duo: &mut Duo, mut tamper: impl FnMut(usize, &mut Vec<u8>)) -> (Outcome, Outcome) {
    let (mut a, mut b, mut n) = (Outcome::default(), Outcome::default(), 0);
    loop {
        let from_alice = drain(&mut duo.alice, duo.dialer_password);
        a.paired |= from_alice.paired;
        a.failed = a.failed.or(from_alice.failed);
        for mut frame in from_alice.sent.clone() {
            n += 1;
            tamper(n, &mut frame);
            duo.bob.frame(&frame);
        }
        let from_bob = drain(&mut duo.bob, "unused");
        b.paired |= from_bob.paired;
        b.failed = b.failed.or(from_bob.failed);
        for mut frame in from_bob.sent.clone() {
            n += 1;
            tamper(n, &mut frame);
            duo.alice.frame(&frame);
        }
        if from_alice.sent.is_empty() && from_bob.sent.is_empty() {
            return (a, b);
        }
    }
}

#[test]
fn the_same_password_pairs_in_six_frames() {
    let mut duo = duo("secret", "secret");
    let mut frames = 0;
    let (alice, bob) = run(&mut duo, |n, _| frames = n);
    assert!(alice.paired && bob.paired);
    assert_eq!(frames, 6);
    assert!(!duo.alice.is_guess() && !duo.bob.is_guess());
}

#[test]
fn a_wrong_password_costs_each_side_one_guess_and_the_listener_sends_no_proof() {
    let mut duo = duo("secret", "other");
    let mut frames = 0;
    let (alice, bob) = run(&mut duo, |n, _| frames = n);
    assert!(!alice.paired && !bob.paired);
    assert_eq!(bob.failed, Some(Failure::Unproven));
    assert_eq!(frames, 5, "the listener's confirmation never leaves");
    assert!(duo.bob.is_guess());
    duo.alice.ended();
    assert!(duo.alice.is_guess());
}

#[test]
fn any_changed_frame_prevents_pairing() {
    for target in 1..=6 {
        let mut duo = duo("secret", "secret");
        let (alice, bob) = run(&mut duo, |n, frame| {
            // A member is added that no reader looks at: only the transcript can notice.
            if n == target && n < 5 {
                frame.pop();
                frame.extend_from_slice(b",\"x-\":0}");
            } else if n == target {
                let at = frame.len() - 8;
                frame[at] = if frame[at] == b'A' { b'B' } else { b'A' };
            }
        });
        assert!(!alice.paired, "frame {target}");
        assert!(!bob.paired || target == 6, "frame {target}");
    }
}

#[test]
fn the_listener_is_held_to_the_element_that_it_drew_before_it_saw_ours() {
    let mut duo = duo("secret", "secret");
    // Of somebody who knows the password, too, and would like to try several.
    let another = Exchange::start(Role::Listener, &key("secret"), [6; 32]).unwrap();
    let mut frames = 0;
    let (alice, _) = run(&mut duo, |n, frame| {
        frames = n;
        if n == 4 {
            *frame = ElementY { y: *another.element() }.to_frame();
        }
    });
    assert_eq!(alice.failed, Some(Failure::Protocol));
    assert_eq!(frames, 4, "no confirmation follows");
}

#[test]
fn hanging_up_counts_only_after_an_element_was_sent() {
    let mut duo = duo("secret", "secret");
    drain(&mut duo.bob, "unused");
    duo.bob.ended();
    assert!(!duo.bob.is_guess(), "nothing was sent yet");

    let mut duo = self::duo("secret", "secret");
    let mut seen = 0;
    for _ in 0..2 {
        for frame in drain(&mut duo.alice, "secret").sent {
            duo.bob.frame(&frame);
        }
        for frame in drain(&mut duo.bob, "unused").sent {
            seen += 1;
            if seen < 2 {
                duo.alice.frame(&frame);
            }
        }
    }
    assert_eq!(seen, 2, "salts and the listener's element");
    duo.bob.ended();
    assert!(duo.bob.is_guess());
}

#[test]
fn a_stall_at_any_step_ends_at_the_deadline() {
    for stop_after in 0..6 {
        let mut duo = duo("secret", "secret");
        let mut passed = 0;
        for _ in 0..6 {
            for frame in drain(&mut duo.alice, "secret").sent {
                if passed < stop_after {
                    passed += 1;
                    duo.bob.frame(&frame);
                }
            }
            for frame in drain(&mut duo.bob, "unused").sent {
                if passed < stop_after {
                    passed += 1;
                    duo.alice.frame(&frame);
                }
            }
        }
        let late = duo.alice.deadline() + Duration::from_secs(1);
        duo.alice.timeout(late);
        assert_eq!(drain(&mut duo.alice, "secret").failed, Some(Failure::Timeout), "after {stop_after} frames");
    }
}

#[test]
fn our_own_certificate_on_the_other_side_is_our_own_address() {
    let same = Certificates { ours: [1; 32], theirs: [1; 32] };
    let mut handshake = Handshake::dial(Instant::now(), same, [0; 32], [0; 32]);
    let outcome = drain(&mut handshake, "secret");
    assert_eq!((outcome.failed, outcome.sent.len()), (Some(Failure::OwnAddress), 0));
}

#[test]
fn our_own_element_sent_back_is_refused() {
    let mut duo = duo("secret", "secret");
    let mut x = Vec::new();
    let (alice, _) = run(&mut duo, |n, frame| {
        if n == 3 {
            x = frame.clone();
        }
        if n == 4 {
            let text = String::from_utf8(x.clone()).unwrap().replace("\"x\"", "\"y\"");
            *frame = text.into_bytes();
        }
    });
    assert_eq!(alice.failed, Some(Failure::Protocol));
}

proptest::proptest! {
    #[test]
    fn no_frames_make_it_panic(frames in proptest::collection::vec("\\{\"(salts|x|y|confirm|stream)\":\\PC{0,60}\\}", 1..6)) {
        let mut duo = duo("secret", "secret");
        for frame in &frames {
            duo.alice.frame(frame.as_bytes());
            duo.bob.frame(frame.as_bytes());
        }
        let (a, b) = (drain(&mut duo.alice, "secret"), drain(&mut duo.bob, "unused"));
        assert!(!a.paired && !b.paired);
    }
}
