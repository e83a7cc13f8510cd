use crate::event::Event;
use crate::failure::Failure;
use p2p_comm_engine::{Code, Error, Handle, PeerId, PeerState};
use std::cell::Cell;
use std::collections::VecDeque;
use std::future::{pending, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Messages given to the engine that are not acknowledged; further ones are not read from the input until then.
const IN_FLIGHT: usize = 1024;

/// Something that the person wants to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Draft {
    Text(String),
    Link(String),
}

/// How many messages of this run the engine took, and how many the other side's app has acknowledged.
#[derive(Default)]
pub(crate) struct Tally {
    accepted: Cell<u64>,
    delivered: Cell<u64>,
}

impl Tally {
    /// Messages that are on their way.
    pub(crate) fn waiting(&self) -> u64 {
        self.accepted.get().saturating_sub(self.delivered.get())
    }
}

type Acknowledged = Pin<Box<dyn Future<Output = Result<(), Error>>>>;

/// Brings messages to one peer and knows which were not acknowledged yet, and for how long nothing has moved.
pub(crate) struct Courier<'a> {
    handle: Handle,
    peer: PeerId,
    tally: &'a Tally,
    /// In the order of sending.
    unacknowledged: VecDeque<Acknowledged>,
    /// What the engine's queue had no room for.
    held: Option<Draft>,
    /// The time without progress; none while the person can see and decide.
    patience: Option<Duration>,
    deadline: Instant,
    state: PeerState,
    was_connected: bool,
    /// What went wrong last.
    last_failure: Option<Code>,
}

impl<'a> Courier<'a> {
    /// With `patience`, gives up once nothing moved for that long.
    pub(crate) fn new(handle: &Handle, peer: PeerId, tally: &'a Tally, patience: Option<Duration>) -> Self {
        Self {
            handle: handle.clone(),
            peer,
            tally,
            unacknowledged: VecDeque::new(),
            held: None,
            patience,
            deadline: Instant::now(),
            state: PeerState::Offline,
            was_connected: false,
            last_failure: None,
        }
        .moved()
    }

    /// Whether another draft may come.
    pub(crate) fn has_room(&self) -> bool {
        self.held.is_none() && self.unacknowledged.len() < IN_FLIGHT
    }

    /// Whether everything is acknowledged.
    pub(crate) fn is_done(&self) -> bool {
        self.held.is_none() && self.unacknowledged.is_empty()
    }

    /// Gives a draft to the engine. If its queue is full, keeps the draft for [`Courier::try_held`].
    pub(crate) async fn send(&mut self, draft: Draft) -> Result<(), Error> {
        if self.is_done() {
            self.start_waiting();
        }
        let sent = match &draft {
            Draft::Text(text) => self.handle.send_text(self.peer, text).await,
            Draft::Link(url) => self.handle.send_link(self.peer, url).await,
        };
        match sent {
            Ok(receipt) => {
                self.unacknowledged.push_back(Box::pin(receipt.delivered()));
                self.tally.accepted.update(|n| n + 1);
            }
            Err(error) if error.code == Code::QueueFull && !self.unacknowledged.is_empty() => self.held = Some(draft),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Tries the draft again that there was no room for.
    pub(crate) async fn try_held(&mut self) -> Result<(), Error> {
        match self.held.take() {
            Some(draft) => self.send(draft).await,
            None => Ok(()),
        }
    }

    /// Waits until the other side acknowledged something, for ever if nothing is on its way. Fails when nothing moved for
    /// too long. Cancel safe.
    pub(crate) async fn progress(&mut self) -> Result<(), Failure> {
        if self.unacknowledged.is_empty() {
            return pending().await;
        }
        let deadline = self.patience.map(|_| self.deadline);
        let acknowledged = match deadline {
            Some(deadline) => timeout_at(deadline, self.acknowledged()).await.map_err(|_| self.why())?,
            None => self.acknowledged().await,
        }?;
        self.tally.delivered.update(|n| n + acknowledged);
        self.start_waiting();
        Ok(())
    }

    /// From now on waits only so long.
    pub(crate) fn lose_patience(&mut self, patience: Duration) -> Result<(), Failure> {
        self.patience = Some(patience);
        self.start_waiting();
        if self.is_done() { Ok(()) } else { self.check() }
    }

    /// Hears how it stands with the peer. Fails where no further attempt will be made.
    pub(crate) fn observe(&mut self, state: PeerState) -> Result<(), Failure> {
        self.state = state;
        match state {
            PeerState::Failed { code, .. } => self.last_failure = Some(code),
            PeerState::Unreachable => self.last_failure = Some(Code::ConnectionLost),
            PeerState::Waiting => self.last_failure = Some(Code::WaitingForConsent),
            PeerState::Connected => {
                self.last_failure = None;
                if !std::mem::replace(&mut self.was_connected, true) {
                    self.start_waiting();
                }
            }
            _ => {}
        }
        if self.patience.is_some() { self.check() } else { Ok(()) }
    }

    /// What to print about it.
    pub(crate) fn delivery(&self) -> Event<'static> {
        Event::Delivery { peer: self.peer, delivered: self.tally.delivered.get(), accepted: self.tally.accepted.get() }
    }

    fn check(&self) -> Result<(), Failure> {
        match self.state {
            PeerState::Stopped { code } => {
                let waiting = self.waiting();
                Err(Failure::Undelivered { code, after: self.last_failure, waiting })
            }
            _ => Ok(()),
        }
    }

    /// Why nothing moves.
    fn why(&self) -> Failure {
        let code = match (self.state, self.last_failure) {
            (PeerState::Waiting, _) => Code::WaitingForConsent,
            (PeerState::Connected, _) => Code::Timeout,
            (_, Some(code)) => code,
            (PeerState::Reaching, None) => Code::NobodyAnswers,
            (_, None) => Code::Timeout,
        };
        Failure::Undelivered { code, after: None, waiting: self.waiting() }
    }

    fn waiting(&self) -> u64 {
        self.tally.waiting() + u64::from(self.held.is_some())
    }

    fn start_waiting(&mut self) {
        self.deadline = Instant::now() + self.patience.unwrap_or_default();
    }

    fn moved(mut self) -> Self {
        self.start_waiting();
        self
    }

    /// Waits for at least one acknowledgement and takes all that came with it; gives their number.
    async fn acknowledged(&mut self) -> Result<u64, Error> {
        poll_fn(|context| {
            let mut n = 0;
            while let Some(oldest) = self.unacknowledged.front_mut() {
                match oldest.as_mut().poll(context) {
                    Poll::Ready(result) => {
                        self.unacknowledged.pop_front();
                        if let Err(error) = result {
                            return Poll::Ready(Err(error));
                        }
                        n += 1;
                    }
                    Poll::Pending => break,
                }
            }
            if n > 0 { Poll::Ready(Ok(n)) } else { Poll::Pending }
        })
        .await
    }
}
