use crate::name::is_hidden;
use crate::{Code, Name, PeerAddress, limits};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::Serialize;
use std::fmt;

/// What one person gives another so that they can be added: a name and addresses, one line of text. It carries no
/// password and no key, so whoever reads it on its way can do no more than call.
///
/// `p2p-comm:NAME@ADDRESS:PORT,ADDRESS:PORT,…`, an IPv6 address in brackets; `NAME@` may be missing. In the name only what
/// would break the line or be lost on the way is percent-encoded (RFC 3986, section 2.1): `bob%20smith`, `büşra`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Invite {
    /// What they call themselves; anybody may choose any name.
    #[cfg_attr(feature = "specta", specta(type = Option<String>))]
    name: Option<Name>,
    /// Where they can be reached, the likeliest first: 1 to [`limits::INVITED`], no two the same.
    addresses: Vec<PeerAddress>,
}

const SCHEME: &str = "p2p-comm:";

impl Invite {
    /// [`Code::InvalidInvite`] without an address, or with more than [`limits::INVITED`]. Repeated ones count once.
    pub fn new(name: Option<Name>, addresses: impl IntoIterator<Item = PeerAddress>) -> Result<Self, Code> {
        let mut distinct: Vec<PeerAddress> = Vec::new();
        for address in addresses {
            if distinct.contains(&address) {
                continue;
            }
            if distinct.len() == limits::INVITED {
                return Err(Code::InvalidInvite);
            }
            distinct.push(address);
        }
        if distinct.is_empty() { Err(Code::InvalidInvite) } else { Ok(Self { name, addresses: distinct }) }
    }

    /// Reads what a person pasted: an invite, or a bare `host:port`. Takes no offence at what messengers and mail programs
    /// do to a line: breaks, blanks, invisible characters, quotes around it, capitals, wide punctuation.
    pub fn parse(text: &str) -> Result<Self, Code> {
        if text.len() > limits::INVITE {
            return Err(Code::InvalidInvite);
        }
        let line: String = text.chars().filter(|c| !is_lost(*c)).map(narrow).collect();
        let line = line.trim_matches(is_quote);
        let rest = match line.get(..SCHEME.len()) {
            Some(scheme) if scheme.eq_ignore_ascii_case(SCHEME) => line.get(SCHEME.len()..).unwrap_or_default(),
            _ => line,
        };
        let (name, addresses) = rest.rsplit_once('@').unwrap_or(("", rest));
        let name = Name::parse(&percent_decode_str(name).decode_utf8_lossy()).ok();
        let addresses = addresses.split(',').filter(|address| !address.is_empty()).map(PeerAddress::parse);
        let addresses: Vec<_> = addresses.collect::<Result<_, _>>().map_err(|_| Code::InvalidInvite)?;
        Self::new(name, addresses)
    }

    /// What they call themselves.
    pub fn name(&self) -> Option<&Name> {
        self.name.as_ref()
    }

    /// Where they can be reached, the likeliest first.
    pub fn addresses(&self) -> &[PeerAddress] {
        &self.addresses
    }
}

impl fmt::Display for Invite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SCHEME)?;
        if let Some(name) = &self.name {
            let mut utf8 = [0; 4];
            for c in name.as_str().chars() {
                let c_text: &str = c.encode_utf8(&mut utf8);
                if is_lost(c) || narrow(c) != c || "%@,:/?#".contains(c) {
                    utf8_percent_encode(c_text, NON_ALPHANUMERIC).fmt(f)?;
                } else {
                    f.write_str(c_text)?;
                }
            }
            f.write_str("@")?;
        }
        for (n, address) in self.addresses.iter().enumerate() {
            write!(f, "{}{address}", if n > 0 { "," } else { "" })?;
        }
        Ok(())
    }
}

/// What a line may lose or gain on its way: white space, controls, and what is invisible or reorders text.
fn is_lost(c: char) -> bool {
    c.is_whitespace() || c.is_control() || is_hidden(c)
}

/// Wide punctuation of East Asian keyboards as what it stands for.
fn narrow(c: char) -> char {
    match c {
        '\u{ff1a}' => ':',
        '\u{ff0c}' => ',',
        c => c,
    }
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'' | '`' | '<' | '>' | '«' | '»' | '‹' | '›' | '\u{2018}'..='\u{201f}' | '「' | '」')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> String {
        Invite::parse(text).unwrap().to_string()
    }

    #[test]
    fn what_people_paste_is_understood() {
        let bob = "p2p-comm:bob@203.0.113.7:47800,[2001:db8::1]:47801";
        for text in [
            bob,
            "  p2p-comm:bob@203.0.113.7:47800,\r\n [2001:db8::1]:47801\n",
            "„p2p-comm:bob@203.0.113.7:47800,[2001:db8::1]:47801“",
            "<`P2P-Comm:bob@203.0.113.7:47800,[2001:DB8::1]:47801`>",
            "\u{feff}p2p\u{200b}-comm:\u{202a}bob@203.0.113.7:47800,[2001:db8::1]:47801\u{202c}",
            "p2p-comm：bob@203.0.113.7：47800，[2001:db8::1]:47801,",
            "bob@203.0.113.7:47800,[2001:db8::1]:47801,203.0.113.7:47800",
        ] {
            assert_eq!(parse(text), bob, "{text:?}");
        }
        assert_eq!(parse("example.org:9"), "p2p-comm:example.org:9");
        assert_eq!(parse(" [::1]:9 "), "p2p-comm:[::1]:9");
        assert_eq!(parse("p2p-comm:@example.org:9"), "p2p-comm:example.org:9");
    }

    #[test]
    fn a_name_stays_readable_and_whole() {
        let address = PeerAddress::parse("10.0.0.1:1").unwrap();
        for (name, shown) in
            [("büşra 😀", "büşra%20😀"), ("a@b:c,d%e", "a%40b%3Ac%2Cd%25e"), ("，：", "%EF%BC%8C%EF%BC%9A")]
        {
            let invite = Invite::new(Name::parse(name).ok(), [address.clone()]).unwrap();
            assert_eq!(invite.to_string(), format!("p2p-comm:{shown}@10.0.0.1:1"));
            assert_eq!(Invite::parse(&invite.to_string()), Ok(invite));
        }
    }

    #[test]
    fn what_is_no_invite_is_refused() {
        let nine = (1..=9).map(|n| format!("10.0.0.{n}:1")).collect::<Vec<_>>().join(",");
        let long = format!("p2p-comm:{}@10.0.0.1:1", "x".repeat(limits::INVITE));
        for text in ["", " ", "p2p-comm:", "bob@", "p2p-comm:bob", "bob@10.0.0.1", "bob@10.0.0.1:0", "10.0.0.1:70000"]
            .into_iter()
            .chain(["10.0.0.1:1,oops", "::1:80", "bob's address is 10.0.0.1:1", "mailto:bob@example.org", &nine, &long])
        {
            assert_eq!(Invite::parse(text), Err(Code::InvalidInvite), "{text:?}");
        }
    }

    #[test]
    fn the_page_gets_host_and_port() {
        let json = serde_json::to_value(Invite::parse("bob@[::1]:9").unwrap()).unwrap();
        assert_eq!(json, serde_json::json!({"name": "bob", "addresses": [{"host": "::1", "port": 9}]}));
    }

    const NOISE: &[char] =
        &[' ', '\t', '\r', '\n', '\u{a0}', '\u{200b}', '\u{200d}', '\u{202e}', '\u{2066}', '\u{feff}'];

    fn address() -> impl Strategy<Value = PeerAddress> {
        let host = prop_oneof![
            any::<std::net::IpAddr>().prop_map(|ip| ip.to_string()),
            "[a-z]([a-z0-9-]{0,20}[a-z0-9])?\\.example",
            Just("bücher.example".to_owned()),
        ];
        (host, 1u32..65536).prop_filter_map("hosts nobody can have", |(host, port)| PeerAddress::new(&host, port).ok())
    }

    prop_compose! {
        fn invite()(name in "\\PC{0,40}|[ a-z%@,:/?#\u{200d}，：\"«😀]{0,12}", addresses in prop::collection::vec(address(), 1..=8))
            -> Invite
        {
            Invite::new(Name::parse(&name).ok(), addresses).unwrap()
        }
    }

    proptest! {
        #[test]
        fn no_text_does_harm(text in any::<String>()) {
            let _ = Invite::parse(&text);
        }

        #[test]
        fn what_looks_like_one_does_no_harm_either(text in "(p2p-comm:)?[a-z%0-9@,:.\\[\\]]{0,60}") {
            if let Ok(invite) = Invite::parse(&text) {
                prop_assert_eq!(Invite::parse(&invite.to_string()), Ok(invite));
            }
        }

        #[test]
        fn what_is_shown_is_read_back(invite in invite()) {
            let text = invite.to_string();
            prop_assert!(text.len() <= limits::INVITE && !text.contains(char::is_whitespace), "{}", text);
            prop_assert_eq!(Invite::parse(&text), Ok(invite));
        }

        #[test]
        fn noise_does_not_change_it(
            invite in invite(),
            noise in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(NOISE)), 0..30),
            quotes in "[\"'`<«“]{0,3}",
        ) {
            let mut text: Vec<char> = format!("{quotes}{invite}{quotes}").chars().collect();
            for (place, noise) in noise {
                text.insert(place.index(text.len() + 1), noise);
            }
            let text: String = text.into_iter().collect();
            prop_assert_eq!(Invite::parse(&text), Ok(invite), "{:?}", text);
        }
    }
}
