use crate::lab::{PASSWORD, Start, alice, bob, free_port, ready};
use std::io::Write as _;
use std::net::UdpSocket;

/// Ends with 2 and names the mistake, before anything was sent.
fn refused(start: Start, words: &str) {
    let end = start.go().end();
    assert_eq!(end.code, Some(2), "{}", end.stderr);
    assert!(end.stderr.contains(words), "{}", end.stderr);
    assert!(!end.stderr.contains(PASSWORD));
}

#[test]
fn wrong_use_ends_with_2() {
    for (words, mistake) in [
        ("", "Usage"),
        ("call --name alice", "call"),
        ("listen", "--name"),
        ("listen --name \u{200b}", "no visible character"),
        ("listen --name bob --bind nowhere", "--bind"),
        ("listen --name bob --port 0", "--port"),
        ("listen --name bob --port 70000", "--port"),
        ("listen --name bob --password secret", "--password"),
        ("send --name alice hi", "--peer"),
        ("send --name alice --peer 127.0.0.1:9", "TEXT"),
        ("send --name alice --peer 127.0.0.1 hi", "HOST:PORT"),
        ("send --name alice --peer bob@127.0.0.1 hi", "not an invite"),
        ("send --name alice --peer p2p-comm:bob@127.0.0.1:9,127.0.0.1:0 hi", "not an invite"),
        ("send --name alice --peer 127.0.0.1:0 hi", "1 to 65535"),
        ("send --name alice --peer 127.0.0.1:70000 hi", "1 to 65535"),
        ("send --name alice --peer 0.0.0.0:9 hi", "not an IP address or host name"),
        ("send --name alice --peer ::1:9 hi", "not an IP address or host name"),
        ("send --name alice --peer 127.0.0.1:9 --timeout 0 hi", "--timeout"),
        ("link --name alice --peer 127.0.0.1:9 javascript:alert(1)", "not allowed"),
    ] {
        refused(Start::new(words), mistake);
    }
    let blank = Start::new("send --name alice --peer 127.0.0.1:9").arg(" ");
    refused(blank, "error: messageEmpty: ");
    let half = "x".repeat(33_000);
    let long = Start::new("send --name alice --peer 127.0.0.1:9").arg(&half).arg(&half);
    refused(long, "error: messageTooLong: ");
}

#[test]
fn a_password_that_cannot_be_one_ends_with_2() {
    let start = || Start::new("listen --name bob --bind 127.0.0.1");
    refused(start().without_password(), "error: invalidPassword: no password: set P2P_COMM_PASSWORD");
    refused(start().env("P2P_COMM_PASSWORD", ""), "error: invalidPassword: the password is empty");
    refused(start().env("P2P_COMM_PASSWORD", &"x".repeat(1025)), "longer than 1024 bytes");
    refused(start().arg("--password-file").arg("/nowhere/at/all"), "cannot be read");
    let file = |content: &[u8]| {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content).unwrap();
        file
    };
    for (content, words) in [
        (&b""[..], "the password is empty"),
        (b"\n", "the password is empty"),
        (b"\xff\n", "not UTF-8"),
        (&[b'x'; 1025], "longer than 1024 bytes"),
        (&[b'x'; 100_000], "longer than 1024 bytes"),
    ] {
        let file = file(content);
        refused(start().arg("--password-file").arg(file.path().to_str().unwrap()), words);
    }
}

#[test]
fn a_password_file_counts_before_the_environment_and_loses_one_line_break() {
    let (mut bob, port) = bob("--accept-anyone");
    ready(&mut bob);
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "{PASSWORD}").unwrap();
    let alice = alice("send", port).arg("--password-file").arg(file.path().to_str().unwrap()).arg("hi");
    let end = alice.env("P2P_COMM_PASSWORD", "another").go().end();
    assert_eq!(end.code, Some(0), "{}", end.stderr);
}

#[test]
fn a_port_in_use_is_named() {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let end = Start::new(&format!("listen --name bob --bind 127.0.0.1 --port {port} --json")).go().end();
    assert_eq!(end.code, Some(1));
    assert!(end.stderr.contains("error: portInUse: another program on this computer uses this UDP port"));
    assert_eq!(end.events("error")[0]["code"], "portInUse");
}

#[test]
fn an_address_that_is_not_ours_is_named() {
    let port = free_port();
    let end = Start::new(&format!("listen --name bob --bind 192.0.2.1 --port {port}")).go().end();
    assert_eq!(end.code, Some(1));
    assert!(end.stderr.contains("error: noNetwork: "), "{}", end.stderr);
}
