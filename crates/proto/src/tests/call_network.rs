//! A call over connections that break, fall silent, move and come back.

use super::call::{ACTIVE, SECOND, assert_one_call, both, talking};
use super::world::World;
use crate::Input;
use p2p_comm_model::{CallEnd, CallPhase};
use rand::RngExt as _;
use std::time::Duration;

type Phases = (Option<CallPhase>, Option<CallPhase>);
const RECONNECTING: Phases = (Some(CallPhase::Reconnecting), Some(CallPhase::Reconnecting));
const RINGING: Phases = (Some(CallPhase::Ringing), Some(CallPhase::Incoming));

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

impl World {
    fn ended(&self, node: usize) -> Vec<CallEnd> {
        self.ends(node).iter().map(|(_, end, _)| *end).collect()
    }

    /// Only this node can be reached by a new connection, so only the other one can make it.
    fn only_reachable(&mut self, node: usize) {
        self.up = vec![false; 2];
        self.up[node] = true;
    }
}

#[test]
fn every_signal_may_be_lost_with_its_connection() {
    for seed in 0..10 {
        let (mut world, bob, _) = both(seed);
        world.cut_in = Some(0);
        world.call(0, bob);
        world.talk_until(RINGING, SECOND * 4);
        world.hang_up(0);
        world.talk_until((None, None), SECOND);

        // The answer that it rings.
        world.cut_in = Some(1);
        world.call(0, bob);
        world.talk_until(RINGING, SECOND * 4);
        world.cut_in = Some(0);
        world.accept(1);
        assert_eq!(world.phases(), (Some(CallPhase::Ringing), Some(CallPhase::Active)));
        world.talk_until_healed(SECOND * 4);
        assert_one_call(&world, &seed);
        world.cut_in = Some(0);
        world.hang_up(seed as usize % 2);
        world.talk_until((None, None), SECOND * 4);

        for caller_ends in [true, false] {
            world.call(0, bob);
            world.talk_until(RINGING, SECOND * 4);
            world.cut_in = Some(0);
            world.hang_up(if caller_ends { 0 } else { 1 });
            world.talk_until((None, None), SECOND * 4);
        }
        let ends = [CallEnd::Cancelled, CallEnd::HungUp, CallEnd::Cancelled, CallEnd::Rejected];
        assert_eq!((world.ended(0), world.ended(1)), (ends.to_vec(), ends.to_vec()), "seed {seed}");
    }
}

#[test]
fn whichever_frame_is_lost_with_its_connection_the_call_comes_about_and_ends_on_both_sides() {
    for lost in 0..60 {
        let (mut world, bob, _) = both(100 + lost as u64);
        world.cut_in = Some(lost);
        world.call(0, bob);
        while world.phase(1).is_none() {
            world.talk(ms(100));
            assert!(world.phase(0).is_some(), "{lost}: it does not ring");
        }
        world.accept(1);
        world.talk_until_healed(SECOND * 4);
        assert_one_call(&world, &lost);
        world.talk(SECOND * 12);
        world.hang_up(lost % 2);
        world.talk_until((None, None), SECOND * 4);
        assert_eq!((world.ended(0), world.ended(1)), (vec![CallEnd::HungUp], vec![CallEnd::HungUp]), "{lost}");
    }
}

#[test]
fn a_new_connection_resumes_the_call_whoever_dials_it_and_whoever_knew_of_the_loss() {
    for seed in 0..20 {
        for reachable in 0..2 {
            for told in [false, true] {
                let (mut world, ..) = talking(200 + seed);
                let before = world.view(0).unwrap();
                world.only_reachable(reachable);
                world.cut_all(1 - reachable, told);
                world.talk(ms(100));
                assert_eq!(world.view(1 - reachable).unwrap().conn, None);
                let took = world.talk_until_healed(SECOND * 3);
                let context = (seed, reachable, told, took);
                assert_one_call(&world, &context);
                assert_eq!(world.view(0).unwrap().id, before.id, "{context:?}");
                assert_ne!(world.view(0).unwrap().conn, before.conn, "{context:?}");
                world.talk(SECOND * 40);
                assert_eq!(world.phases(), ACTIVE, "{context:?}");
            }
        }
    }
}

#[test]
fn an_outage_of_less_than_half_a_minute_ends_no_call() {
    for seconds in [1, 2, 10, 28] {
        for seed in 0..10 {
            let (mut world, ..) = talking(300 + seed);
            let id = world.view(0).unwrap().id;
            world.outage = world.now + SECOND * seconds;
            world.talk(SECOND * seconds - ms(200));
            if seconds > 2 {
                assert_eq!(world.phases(), RECONNECTING, "{seconds} s, seed {seed}");
            }
            let took = world.talk_until_healed(ms(500));
            assert_eq!(world.view(0).unwrap().id, id, "{seconds} s, seed {seed}: {took:?}");
            world.talk(SECOND * 5);
            assert_eq!(world.phases(), ACTIVE);
            assert_one_call(&world, &(seconds, seed));
        }
    }
}

#[test]
fn a_side_that_moved_is_found_by_a_dial_beside_the_connection_that_still_looks_open() {
    for seed in 0..30 {
        for reachable in 0..2 {
            let (mut world, ..) = talking(400 + seed);
            world.only_reachable(reachable);
            world.break_silently();
            let quiet = world.talk_until(RECONNECTING, ms(2400));
            let dials = world.dials;
            world.talk(ms(1000));
            assert_eq!(world.dials, dials, "it may come back by itself");
            let took = quiet + SECOND + world.talk_until_healed(ms(1700));
            assert_one_call(&world, &(seed, reachable, took));
            world.talk(SECOND * 60);
            assert_eq!(world.phases(), ACTIVE, "seed {seed}");
            assert_one_call(&world, &(seed, reachable));
        }
    }
}

#[test]
fn a_path_that_comes_back_before_that_is_used_on_and_nothing_is_dialled() {
    let (mut world, ..) = talking(5);
    let (before, dials) = (world.view(0).unwrap(), world.dials);
    world.outage = world.now + ms(3200);
    world.talk(ms(2500));
    assert_eq!(world.phases(), RECONNECTING);
    world.talk_until_healed(SECOND);
    world.talk(SECOND * 20);
    assert_eq!((world.view(0).unwrap(), world.dials), (before, dials));
}

#[test]
fn while_it_is_quiet_dials_are_two_seconds_apart() {
    let (mut world, ..) = talking(6);
    world.up = vec![false; 2];
    world.break_silently();
    let dials = world.dials;
    world.talk(SECOND * 30);
    // Each attempt takes 5 s to fail here.
    assert!((6..=12).contains(&(world.dials - dials)), "{} dials of two nodes", world.dials - dials);
}

#[test]
fn after_30_s_of_nothing_the_call_is_lost_on_both_sides() {
    for told in [false, true] {
        let (mut world, ..) = talking(7);
        world.up = vec![false; 2];
        if told {
            world.cut_all(0, true);
        } else {
            world.break_silently();
        }
        world.talk(SECOND * 29);
        assert_eq!(world.phases(), RECONNECTING);
        world.talk(SECOND * 4);
        assert_eq!(world.phases(), (None, None));
        for node in 0..2 {
            let (_, end, seconds) = world.ends(node)[0];
            assert_eq!(end, CallEnd::Lost);
            assert!(seconds.unwrap() <= 4, "{seconds:?}: the quiet does not count");
        }
    }
}

#[test]
fn voice_that_comes_one_way_only_ends_the_call_for_both() {
    let (mut world, ..) = talking(8);
    world.ears[0].dumb = true;
    world.talk(SECOND * 3);
    assert_eq!(world.phases(), (Some(CallPhase::Active), Some(CallPhase::Reconnecting)));
    world.talk(SECOND * 30);
    assert_eq!(world.phases(), (None, None));
    assert_eq!((world.ended(0), world.ended(1)), (vec![CallEnd::Lost], vec![CallEnd::Lost]));
}

#[test]
fn a_call_accepted_while_the_connection_is_gone_is_taken_up_by_the_next_one() {
    for seed in 0..20 {
        let (mut world, bob, _) = both(900 + seed);
        world.call(0, bob);
        world.run(SECOND);
        world.up = vec![false; 2];
        world.cut_all(0, true);
        world.talk(SECOND * 8);
        assert_eq!(world.phases(), (Some(CallPhase::Searching), Some(CallPhase::Incoming)), "seed {seed}");
        world.accept(1);
        assert_eq!(world.phase(1), Some(CallPhase::Reconnecting));
        world.talk(SECOND * 15);
        world.up = vec![true; 2];
        world.talk_until_healed(SECOND * 8);
        assert_one_call(&world, &seed);
    }
}

#[test]
fn a_call_that_rings_without_a_connection_rings_no_longer_than_30_s() {
    let (mut world, bob, _) = both(10);
    world.call(0, bob);
    world.run(SECOND);
    world.up = vec![false; 2];
    world.cut_all(0, true);
    world.run(SECOND * 29);
    assert_eq!(world.phase(1), Some(CallPhase::Incoming));
    world.run(SECOND * 2);
    assert_eq!(world.ended(1), [CallEnd::Lost]);
    world.run(SECOND * 15);
    assert_eq!(world.ended(0), [CallEnd::NoAnswer]);
}

#[test]
fn a_caller_whose_callee_comes_and_goes_waits_45_s_of_ringing_in_all() {
    let (mut world, bob, _) = both(11);
    world.call(0, bob);
    world.run(SECOND * 20);
    world.cut_all(0, true);
    world.run(ms(1));
    assert_eq!(world.phases(), (Some(CallPhase::Searching), Some(CallPhase::Incoming)));
    world.talk_until(RINGING, SECOND * 4);
    world.kill(1);
    world.up[1] = false;
    world.run(SECOND * 15);
    assert_eq!(world.phase(0), Some(CallPhase::Searching));
    world.run(SECOND * 11);
    assert_eq!(world.ended(0), [CallEnd::NoAnswer]);
}

#[test]
fn ringing_that_nobody_confirms_any_more_is_searching_again() {
    let (mut world, bob, _) = both(13);
    world.call(0, bob);
    world.run(SECOND);
    world.up = vec![false; 2];
    world.break_silently();
    world.run(SECOND * 12);
    assert_eq!(world.phases(), (Some(CallPhase::Searching), Some(CallPhase::Incoming)));
    world.run(SECOND * 26);
    assert_eq!(world.phase(1), Some(CallPhase::Incoming));
    world.run(SECOND * 3);
    assert_eq!(world.ended(1), [CallEnd::Lost]);
}

#[test]
fn the_quiet_of_a_connection_that_is_not_in_use_any_more_says_nothing() {
    for seed in 0..4 {
        let (mut world, ..) = talking(1000 + seed);
        world.break_silently();
        let old = [world.view(0).unwrap().conn.unwrap(), world.view(1).unwrap().conn.unwrap()];
        world.talk(SECOND);
        world.talk_until_healed(SECOND * 5);
        for (node, conn) in old.into_iter().enumerate() {
            world.act(node, |node, now| node.handle(now, Input::VoiceQuiet { conn }));
        }
        assert_eq!(world.phases(), ACTIVE, "seed {seed}");
    }
}

#[test]
fn voice_that_comes_again_calls_off_the_dial() {
    let (mut world, ..) = talking(12);
    world.up = vec![false; 2];
    world.outage = world.now + ms(4500);
    world.talk(ms(4400));
    let (dials, cancels) = (world.dials, world.cancels);
    world.talk(SECOND);
    assert_eq!((world.phases(), world.dials, world.cancels), (ACTIVE, dials, cancels + 2));
    world.talk(SECOND * 20);
    assert_eq!((world.phases(), world.dials), (ACTIVE, dials));
}

#[test]
fn connections_that_replace_each_other_under_a_call_do_not_disturb_it() {
    for seed in 0..20 {
        let (mut world, bob, alice) = talking(1100 + seed);
        let id = world.view(0).unwrap().id;
        for _ in 0..30 {
            match world.rng.random_range(0..3) {
                0 => world.prove(0, 1, Some(bob)),
                1 => world.prove(1, 0, Some(alice)),
                _ => {
                    world.prove(0, 1, Some(bob));
                    world.prove(1, 0, Some(alice));
                }
            }
            let pause = ms(world.rng.random_range(0..1500));
            world.talk(pause);
            assert_eq!(world.phases(), ACTIVE, "seed {seed}");
        }
        world.talk(SECOND * 2);
        assert_one_call(&world, &seed);
        assert_eq!((world.view(0).unwrap().id, world.conns.len()), (id, 2), "seed {seed}: one connection, two ends");
    }
}

#[test]
fn a_call_outlives_any_order_of_losses_that_leave_it_half_a_minute() {
    for seed in 0..40 {
        let (mut world, ..) = talking(1200 + seed);
        let id = world.view(0).unwrap().id;
        for round in 0..20 {
            match world.rng.random_range(0..5) {
                0 => world.cut_all(0, true),
                1 => world.cut_all(0, false),
                2 => world.cut_all(1, false),
                3 => world.break_silently(),
                _ => world.outage = world.now + ms(world.rng.random_range(0..10_000)),
            }
            let pause = ms(world.rng.random_range(0..5_000));
            world.talk(pause);
            // Every third time it may come to rest.
            if round % 3 == 2 {
                let left = world.outage.saturating_duration_since(world.now);
                world.talk(left);
                world.talk_until_healed(SECOND * 10);
            }
        }
        assert_eq!(world.view(0).unwrap().id, id, "seed {seed}");
        world.talk(SECOND * 60);
        assert_eq!(world.phases(), ACTIVE, "seed {seed}");
    }
}
