use super::*;
use crate::device::{self, Desk};

fn chosen(sound: Arc<dyn SoundSystem>) -> Slot<Output> {
    let mut slot = Slot::new(sound);
    slot.want(Some(Some("headset".to_owned())));
    slot
}

/// What happens at `now`, in this order, until `done`.
fn until(slot: &mut Slot<Output>, now: Instant, done: impl Fn(&Slot<Output>) -> bool) -> Vec<Happened> {
    let deadline = Instant::now() + Duration::from_secs(10);
    let mut happened = Vec::new();
    while !done(slot) {
        assert!(Instant::now() < deadline, "never done: {:?}, {happened:?}", slot.state());
        happened.extend(slot.tick(now));
        std::thread::park_timeout(Duration::from_millis(1));
    }
    happened
}

fn plays_on(id: &str) -> impl Fn(&Slot<Output>) -> bool {
    move |slot| slot.state() == DeviceState::Open { name: id.to_owned() }
}

fn looked(slot: &Slot<Output>) -> bool {
    matches!(&slot.state, Now::Open { look: None, .. })
}

#[test]
fn a_chosen_device_that_never_was_there_is_never_lost() {
    let mut slot = chosen(device::none());
    let start = Instant::now();
    for retry in 0..5 {
        let now = start + RETRY * retry;
        let at = now + RETRY;
        let failed = |slot: &Slot<Output>| matches!(slot.state, Now::Failed { retry_at, .. } if retry_at == at);
        assert_eq!(until(&mut slot, now, failed), [Happened::Failed], "retry {retry}");
    }
}

#[test]
fn an_unplugged_chosen_device_is_one_line_that_says_what_is_used_instead() {
    let desk = Desk::with(&["speaker", "headset"]);
    let mut slot = chosen(desk.clone());
    let now = Instant::now();
    assert_eq!(until(&mut slot, now, plays_on("headset")), [Happened::Opened]);
    desk.unplug("headset");
    assert_eq!(until(&mut slot, now, plays_on("speaker")), [Happened::FellBack]);
}

#[test]
fn an_unplugged_chosen_device_that_nothing_replaces_is_lost_once() {
    let desk = Desk::with(&["headset"]);
    let mut slot = chosen(desk.clone());
    let now = Instant::now();
    until(&mut slot, now, plays_on("headset"));
    desk.unplug("headset");
    let failed = |slot: &Slot<Output>| matches!(slot.state, Now::Failed { .. });
    assert_eq!(until(&mut slot, now, failed), [Happened::Lost]);
    let again = |slot: &Slot<Output>| matches!(slot.state, Now::Failed { retry_at, .. } if retry_at > now + RETRY);
    assert_eq!(until(&mut slot, now + RETRY, again), [Happened::Failed]);
}

#[test]
fn the_default_that_stands_in_plays_on_while_other_devices_come_and_go() {
    let desk = Desk::with(&["speaker"]);
    let mut slot = chosen(desk.clone());
    let now = Instant::now();
    until(&mut slot, now, plays_on("speaker"));
    desk.put(&["speaker", "television"]);
    slot.list_changed();
    slot.tick(now);
    assert_eq!(until(&mut slot, now, looked), []);
    assert_eq!((slot.tick(now), desk.openings()), (None, 1));
    desk.put(&["speaker", "television", "headset"]);
    slot.list_changed();
    assert_eq!(until(&mut slot, now, plays_on("headset")), [Happened::Opened]);
}
