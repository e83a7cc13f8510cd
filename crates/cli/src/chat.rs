//! `chat`: both directions, until the person leaves.

use crate::args::To;
use crate::courier::{Courier, Draft, Tally};
use crate::event::Event;
use crate::failure::Failure;
use crate::input::{Lines, Read};
use crate::node::Node;
use crate::output::Output;
use p2p_comm_engine::Code;

/// What the person entered.
#[derive(Debug, PartialEq, Eq)]
enum Entry {
    Say(Draft),
    Nothing,
    Unknown,
    Quit,
}

/// Talks until `/quit`, or until the input has ended and everything is acknowledged.
pub(crate) async fn run(mut node: Node, to: &To, tally: &Tally, out: &mut Output) -> Result<(), Failure> {
    let peer = node.add(to).await?;
    let mut courier = Courier::new(&node.handle, peer, tally, None);
    let (mut lines, mut ended) = (Lines::new(), false);
    while !(ended && courier.is_done()) {
        tokio::select! {
            read = lines.next(), if !ended && courier.has_room() => {
                let refused = match read {
                    Read::Line(line) => match parse(&line) {
                        Entry::Say(draft) => courier.send(draft).await.err().map(Failure::from),
                        Entry::Nothing => None,
                        Entry::Unknown => Some(Failure::UnknownCommand),
                        Entry::Quit => return leave(tally),
                    },
                    Read::TooLong => Some(Failure::Line { code: Code::MessageTooLong, number: lines.number() }),
                    Read::NotUtf8 => Some(Failure::NotUtf8 { number: lines.number() }),
                    Read::End => {
                        ended = true;
                        courier.lose_patience(to.timeout())?;
                        None
                    }
                };
                if let Some(refused) = refused {
                    out.put(&Event::Refused(&refused));
                    out.flush().await?;
                }
            }
            progress = courier.progress() => {
                progress?;
                courier.try_held().await?;
                out.put(&courier.delivery());
                out.flush().await?;
            }
            changes = node.feed.changed() => {
                node.feed.show(changes, out).await?;
                courier.observe(node.feed.state(peer))?;
            }
        }
    }
    Ok(())
}

fn parse(line: &str) -> Entry {
    let text = |text: &str| Entry::Say(Draft::Text(text.to_owned()));
    match line.split_once(char::is_whitespace).unwrap_or((line, "")) {
        _ if line.trim().is_empty() => Entry::Nothing,
        ("/quit", _) => Entry::Quit,
        ("/link", url) => Entry::Say(Draft::Link(url.to_owned())),
        _ => match line.strip_prefix('/') {
            Some(rest) if rest.starts_with('/') => text(rest),
            Some(_) => Entry::Unknown,
            None => text(line),
        },
    }
}

/// Leaves at once; what was not acknowledged is lost, and that is said.
fn leave(tally: &Tally) -> Result<(), Failure> {
    match tally.waiting() {
        0 => Ok(()),
        waiting => Err(Failure::Undelivered { code: Code::NotConnected, after: None, waiting }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_begins_a_command_and_two_a_line() {
        let text = |text: &str| Entry::Say(Draft::Text(text.to_owned()));
        assert_eq!(parse("hi there"), text("hi there"));
        assert_eq!(parse("//etc/hosts"), text("/etc/hosts"));
        assert_eq!(parse("/link example.org"), Entry::Say(Draft::Link("example.org".to_owned())));
        assert_eq!((parse("/quit"), parse("/quit now")), (Entry::Quit, Entry::Quit));
        assert_eq!((parse("/etc"), parse("/linked x")), (Entry::Unknown, Entry::Unknown));
        assert_eq!((parse(""), parse(" \t")), (Entry::Nothing, Entry::Nothing));
    }
}
