use crate::wire::EndReason;
use p2p_comm_model::CallId;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Calls of one peer that are over and still known by their ids: what was said of them may arrive late.
const REMEMBERED: usize = 16;
/// New calls of one peer that ring or leave a line,
const NEW_CALLS: usize = 6;
/// in this time; more are told that we are busy, and nobody is bothered.
const NEW_CALLS_IN: Duration = Duration::from_secs(60);

/// Calls with one peer that are over.
#[derive(Debug, Clone, Default)]
pub(super) struct Past {
    over: VecDeque<(CallId, EndReason)>,
    /// When its latest new calls came.
    came: VecDeque<Instant>,
}

impl Past {
    /// Why this call is over, if it is.
    pub(super) fn over(&self, id: CallId) -> Option<EndReason> {
        self.over.iter().find(|(over, _)| *over == id).map(|(_, reason)| *reason)
    }

    pub(super) fn remember(&mut self, id: CallId, reason: EndReason) {
        self.over.push_back((id, reason));
        if self.over.len() > REMEMBERED {
            self.over.pop_front();
        }
    }

    /// Whether one more new call of this peer may bother the person.
    pub(super) fn admits(&mut self, now: Instant) -> bool {
        let old = |came: &Instant| now.saturating_duration_since(*came) >= NEW_CALLS_IN;
        while self.came.front().is_some_and(old) {
            self.came.pop_front();
        }
        let admits = self.came.len() < NEW_CALLS;
        if admits {
            self.came.push_back(now);
        }
        admits
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.over.len()
    }
}
