use crate::lab::{PASSWORD, Person, alice_and_bob, attacker, befriend, far, ip, pass, person, talk, within};
use p2p_comm_engine::attacker::{CloseCode, CloseReason, FrameError, Heard, Rogue, Stream};
use p2p_comm_engine::mem::Network;
use p2p_comm_engine::{Content, Delivery, Notice, PeerId, PeerState, limits};
use std::time::Duration;

const PROTOCOL_ERROR: CloseReason = CloseReason::Peer(CloseCode::ProtocolError);

/// Alice and bob talk; mallory knows the password, and alice has accepted her.
struct Scene {
    network: Network,
    alice: Person,
    bob: Person,
    to_bob: PeerId,
    to_alice: PeerId,
}

impl Scene {
    async fn new(seed: u64) -> Self {
        let network = Network::new(seed);
        let (mut alice, mut bob) = alice_and_bob(&network).await;
        let (to_bob, to_alice) = befriend(&mut alice, &mut bob).await;
        Self { network, alice, bob, to_bob, to_alice }
    }

    /// Another mallory, accepted by alice.
    async fn mallory(&mut self, host: u8) -> (Rogue, PeerId) {
        let from = attacker(&self.network, ip(host), PASSWORD);
        let mut rogue = from.dial(self.alice.socket(), 3).await.unwrap().rogue().unwrap();
        assert!(rogue.hello().await && rogue.profile("mallory").await);
        let requests = self.alice.until_requests(1).await;
        let peer = self.alice.handle.accept_request(requests[0].id).await.unwrap();
        rogue.hear_kind("profile").await.unwrap();
        (rogue, peer)
    }

    /// Nobody else was disturbed.
    async fn goes_on(&mut self) {
        talk(&self.alice, self.to_bob, &self.bob, self.to_alice).await;
        assert_eq!(self.bob.peer(self.to_alice).await.state, PeerState::Connected);
    }
}

#[tokio::test(start_paused = true)]
async fn what_breaks_the_protocol_ends_that_connection_and_no_other() {
    let epoch = "AAAAAAAAAAAAAAAAAAAAAA==";
    let mut scene = Scene::new(80).await;
    // Sealed as it should be, but not what should be in it.
    let malformed = [
        (Stream::Control, r#""kind":7"#.to_owned()),
        (Stream::Control, r#""nokind":true"#.to_owned()),
        (Stream::Control, r#""kind":"ack","conv":"direct","epoch":"AA==","counter":1"#.to_owned()),
        (Stream::Control, format!(r#""kind":"ack","conv":"direct","epoch":"{epoch}","counter":-1"#)),
        (Stream::Control, format!(r#""kind":"ack","conv":[],"epoch":"{epoch}","counter":1"#)),
        (Stream::Control, r#""kind":"profile","name":{"a":1}"#.to_owned()),
        (Stream::Control, r#""kind":"profile","name":"m","candidates":"10.0.0.2:1""#.to_owned()),
        (
            Stream::Control,
            format!(r#""kind":"profile","name":"m","features":[{}"x"]"#, r#""x","#.repeat(limits::LISTED)),
        ),
        (Stream::Control, r#""kind":"ping"}{"#.to_owned()),
        (Stream::Chat, format!(r#""kind":"text","conv":"direct","epoch":"{epoch}","counter":"1","at":0,"text":"hi""#)),
        (Stream::Chat, format!(r#""kind":"text","conv":"direct","epoch":"{epoch}","counter":1,"at":0.5,"text":"hi""#)),
        (Stream::Chat, format!(r#""kind":"text","conv":"direct","epoch":"{epoch}","counter":1,"at":0,"text":["hi"]"#)),
        (Stream::Chat, format!(r#""kind":"text","conv":"direct","epoch":"{epoch}","counter":1e99,"at":0,"text":"hi""#)),
        (Stream::Chat, r#""kind":"text","conv":"direct","epoch":7,"counter":1,"at":0,"text":"hi""#.to_owned()),
        (Stream::Chat, format!(r#""kind":{},"counter":1"#, "[".repeat(10_000))),
    ];
    for (host, (stream, members)) in (100..).zip(malformed) {
        let (mut rogue, peer) = scene.mallory(host).await;
        rogue.say(stream, &members).await;
        let closed = within(&format!("closed by {members:.100}"), rogue.closed()).await;
        assert_eq!(closed, PROTOCOL_ERROR, "{members:.100}");
        assert!(scene.alice.lines(peer).await.is_empty(), "{members:.100}");
        scene.alice.handle.remove_peer(peer).await.unwrap();
        scene.goes_on().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_breaks_the_framing_or_the_seal_ends_that_connection_and_no_other() {
    let mut scene = Scene::new(81).await;
    let mut oversized = (limits::FRAME as u32 + 1).to_be_bytes().to_vec();
    oversized.extend_from_slice(&[b'x'; 1000]);
    let broken: [&[u8]; 5] =
        [&[0, 0, 0, 0], &oversized, b"\xff\xff\xff\xff", b"\x00\x00\x00\x05plain", b"\x00\x00\x00\x04\xff\xfe\x00\x01"];
    for (host, bytes) in (100..).zip(broken) {
        for stream in [Stream::Control, Stream::Chat] {
            let (mut rogue, peer) = scene.mallory(host).await;
            if stream == Stream::Chat {
                rogue.chat(1, r#""kind":"text","text":"hello""#).await;
                scene.alice.until_heard(peer, &["hello"]).await;
            }
            rogue.bytes(stream, bytes).await;
            assert_eq!(within("closed", rogue.closed()).await, PROTOCOL_ERROR, "{bytes:.20?} on {stream:?}");
            scene.alice.handle.remove_peer(peer).await.unwrap();
            scene.goes_on().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_replayed_a_skipped_and_an_echoed_token_end_the_connection() {
    let mut scene = Scene::new(82).await;
    let (mut rogue, peer) = scene.mallory(100).await;
    let token = rogue.token(Stream::Chat, &text(&rogue, 1, "once"));
    for _ in 0..2 {
        rogue.put(Stream::Chat, token.as_bytes()).await;
    }
    assert_eq!(within("closed", rogue.closed()).await, PROTOCOL_ERROR, "replayed");
    assert_eq!(scene.alice.heard(peer).await, ["once"]);

    let (mut rogue, peer) = scene.mallory(101).await;
    let _lost = rogue.token(Stream::Chat, &text(&rogue, 1, "lost"));
    rogue.say(Stream::Chat, &text(&rogue, 2, "next")).await;
    assert_eq!(within("closed", rogue.closed()).await, PROTOCOL_ERROR, "skipped");
    assert!(scene.alice.heard(peer).await.is_empty());

    // Alice's own words, back to her: as they were on the wire, on either stream.
    for (host, stream) in [(102, Stream::Chat), (103, Stream::Control)] {
        let (mut rogue, peer) = scene.mallory(host).await;
        scene.alice.handle.send_text(peer, "mine").await.unwrap();
        let Heard { token, .. } = rogue.hear_kind("text").await.unwrap();
        rogue.put(stream, &token).await;
        assert_eq!(within("closed", rogue.closed()).await, PROTOCOL_ERROR, "echoed on {stream:?}");
        assert!(scene.alice.heard(peer).await.is_empty());
    }
    scene.goes_on().await;
}

#[tokio::test(start_paused = true)]
async fn a_message_sent_twice_in_new_tokens_is_shown_once_and_acknowledged() {
    let mut scene = Scene::new(83).await;
    let (mut rogue, peer) = scene.mallory(100).await;
    for counter in [1, 2, 2, 1, 3, 3] {
        rogue.chat(counter, &format!(r#""kind":"text","text":"number {counter}""#)).await;
    }
    scene.alice.until_heard(peer, &["number 1", "number 2", "number 3"]).await;
    let acked = async { while !rogue.hear_kind("ack").await.unwrap().json.contains(r#""counter":3"#) {} };
    within("acknowledged", acked).await;
    assert_eq!(scene.alice.heard(peer).await.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_acknowledgement_of_what_was_never_sent_moves_nothing() {
    let mut scene = Scene::new(84).await;
    let (mut rogue, peer) = scene.mallory(100).await;
    scene.alice.handle.send_text(peer, "one").await.unwrap();
    let heard = rogue.hear_kind("text").await.unwrap();
    let epoch = heard.json.split(r#""epoch":""#).nth(1).unwrap().split('"').next().unwrap().to_owned();
    let lies = [
        format!(r#""kind":"ack","conv":"direct","epoch":"{epoch}","counter":1000000"#),
        format!(r#""kind":"ack","conv":"direct","epoch":"{epoch}","counter":18446744073709551615"#),
        format!(r#""kind":"ack","conv":"group","epoch":"{epoch}","counter":1"#),
        format!(r#""kind":"ack","conv":"direct","epoch":"{}","counter":1"#, rogue.epoch()),
    ];
    for lie in lies {
        assert!(rogue.say(Stream::Control, &lie).await);
    }
    assert!(rogue.say(Stream::Control, r#""kind":"ping""#).await);
    rogue.hear_kind("pong").await.unwrap();
    assert_eq!(scene.alice.said(peer, Delivery::Delivered).await, Vec::<String>::new());
    let truth = format!(r#""kind":"ack","conv":"direct","epoch":"{epoch}","counter":1"#);
    assert!(rogue.say(Stream::Control, &truth).await && rogue.say(Stream::Control, r#""kind":"ping""#).await);
    rogue.hear_kind("pong").await.unwrap();
    assert_eq!(scene.alice.said(peer, Delivery::Delivered).await, ["one"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_unknown_is_skipped_and_the_conversation_goes_on() {
    let mut scene = Scene::new(85).await;
    let (mut rogue, peer) = scene.mallory(100).await;
    assert_eq!(rogue.stream(br#"{"stream":"bulk","id":7}"#).await, Some(FrameError::Stopped(0x10)));
    assert!(rogue.say(Stream::Control, r#""kind":"dance","steps":[1,2,3]"#).await);
    rogue.chat(1, r#""kind":"poll","question":"why?","must":true"#).await;
    rogue.chat(2, r#""kind":"reaction","emoji":"+1""#).await;
    rogue.chat(3, r#""kind":"link","url":"javascript:alert(1)""#).await;
    rogue.chat(4, &format!(r#""kind":"text","text":"{}""#, "x".repeat(limits::TEXT + 1))).await;
    rogue.chat(5, r#""kind":"text","text":"still here","colour":"red""#).await;
    scene.alice.until_heard(peer, &["still here"]).await;
    let unsupported = rogue.hear_kind("unsupported").await.unwrap();
    assert!(unsupported.json.contains(r#""counter":1"#), "{}", unsupported.json);
    let unknown = scene.alice.lines(peer).await.iter().filter(|line| line.content == Content::Unknown).count();
    assert_eq!((unknown, rogue.close_reason()), (4, None));
    scene.goes_on().await;
}

#[tokio::test(start_paused = true)]
async fn a_second_stream_of_a_kind_or_one_for_the_pairing_is_against_the_protocol() {
    let mut scene = Scene::new(86).await;
    let firsts: [&[u8]; 4] = [br#"{"stream":"control"}"#, br#"{"stream":"handshake"}"#, b"{}", b"\xff\x00"];
    for (host, first) in (100..).zip(firsts) {
        let (rogue, _) = scene.mallory(host).await;
        rogue.stream(first).await;
        assert_eq!(within("closed", rogue.closed()).await, PROTOCOL_ERROR, "{first:?}");
        scene.goes_on().await;
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_taken_from_a_stranger_and_nothing_before_hello() {
    let mut scene = Scene::new(87).await;
    let from = attacker(&scene.network, ip(100), PASSWORD);
    let mut stranger = from.dial(scene.alice.socket(), 3).await.unwrap().rogue().unwrap();
    assert!(stranger.hello().await && stranger.profile("mallory").await);
    let requests = scene.alice.until_requests(1).await;
    let peer = scene.alice.handle.accept_request(requests[0].id).await.unwrap();
    stranger.hear_kind("profile").await.unwrap();
    stranger.chat(1, r#""kind":"text","text":"now""#).await;
    scene.alice.until_heard(peer, &["now"]).await;

    let from = attacker(&scene.network, ip(102), PASSWORD);
    let mut early = from.dial(scene.alice.socket(), 3).await.unwrap().rogue().unwrap();
    assert!(early.hello().await && early.profile("too early").await);
    scene.alice.until_requests(1).await;
    early.chat(1, r#""kind":"text","text":"too early""#).await;
    assert_eq!(within("closed", early.closed()).await, PROTOCOL_ERROR);

    let from = attacker(&scene.network, ip(101), PASSWORD);
    let mut rude = from.dial(scene.alice.socket(), 3).await.unwrap().rogue().unwrap();
    rude.profile("mallory").await;
    assert_eq!(within("closed", rude.closed()).await, PROTOCOL_ERROR);
    // Whoever never says who it is, is not kept.
    let silent = from.dial(scene.alice.socket(), 3).await.unwrap().rogue().unwrap();
    within("closed", silent.closed()).await;
    assert_eq!(scene.alice.handle.census().await.unwrap().strangers, 0);
    scene.goes_on().await;
}

#[tokio::test(start_paused = true)]
async fn strangers_are_bounded_in_all_and_for_each_source() {
    let mut scene = Scene::new(88).await;
    let mallory = attacker(&scene.network, ip(66), PASSWORD);
    let mut strangers = Vec::new();
    for n in 0..100 {
        let from = mallory.also_at(far(n / 10)).unwrap();
        let mut rogue = from.dial(scene.alice.socket(), 3).await.unwrap().rogue().unwrap();
        rogue.hello().await;
        rogue.profile(&format!("number {n}")).await;
        strangers.push(rogue);
    }
    pass(Duration::from_secs(1)).await;
    let busy = |rogue: &&Rogue| rogue.close_reason() == Some(CloseReason::Peer(CloseCode::Busy));
    let alive: Vec<usize> =
        strangers.chunks(10).map(|source| source.iter().filter(|rogue| !busy(rogue)).count()).collect();
    assert_eq!(alive, [[limits::STRANGERS_PER_SOURCE; 8].as_slice(), &[0, 0]].concat());
    assert_eq!(scene.alice.handle.census().await.unwrap().strangers, limits::STRANGERS);
    assert!(scene.alice.requests().await.len() <= limits::REQUESTS);
    scene.goes_on().await;
}

#[tokio::test(start_paused = true)]
async fn one_who_never_reads_costs_no_more_than_the_queue() {
    let mut scene = Scene::new(89).await;
    let (rogue, peer) = scene.mallory(100).await;
    let large = "x".repeat(limits::TEXT);
    let mut taken = 0;
    while scene.alice.handle.send_text(peer, &large).await.is_ok() {
        taken += 1;
    }
    assert_eq!(taken, limits::QUEUE / (limits::TEXT + limits::QUEUED_OVERHEAD));
    scene.goes_on().await;
    drop(rogue);
    let alice = person(&scene.network, "carol", 3).await;
    assert_eq!(alice.requests().await, []);
}

/// The members of a text message.
fn text(rogue: &Rogue, counter: u64, text: &str) -> String {
    let epoch = rogue.epoch();
    format!(r#""kind":"text","conv":"direct","epoch":"{epoch}","counter":{counter},"at":0,"text":"{text}""#)
}

#[tokio::test(start_paused = true)]
async fn a_timer_ends_in_words_where_an_app_lets_nothing_disappear_any_more() {
    let mut scene = Scene::new(93).await;
    let from = attacker(&scene.network, ip(100), PASSWORD);
    let mut newer = from.dial(scene.alice.socket(), 3).await.unwrap().rogue().unwrap();
    let profile = r#""kind":"profile","name":"mallory","features":["text","vanish"]"#;
    assert!(newer.hello().await && newer.say(Stream::Control, profile).await);
    let requests = scene.alice.until_requests(1).await;
    let peer = scene.alice.handle.accept_request(requests[0].id).await.unwrap();
    newer.hear_kind("profile").await.unwrap();
    newer.chat(1, r#""kind":"vanish","life":300"#).await;
    let timer = async |alice: &mut Person, wanted: Option<u32>| {
        alice
            .until(&format!("a timer of {wanted:?}"), async |handle| {
                handle.peers().await.unwrap().iter().any(|one| one.id == peer && one.vanish == wanted).then_some(())
            })
            .await;
    };
    timer(&mut scene.alice, Some(300)).await;
    drop(newer);
    // Alice calls, and an older app answers.
    let mut older = within("answered", from.answer(3)).await.unwrap().rogue().unwrap();
    assert!(older.hello().await && older.profile("mallory").await);
    timer(&mut scene.alice, None).await;
    assert!(scene.alice.notices(peer).await.contains(&Notice::VanishUnsupported));
    scene.goes_on().await;
}
