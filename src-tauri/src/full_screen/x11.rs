//! By the Extended Window Manager Hints (freedesktop.org, version 1.5): the root window names the active window, and that
//! one lists its states.

use std::error::Error;
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{Atom, AtomEnum, ChangeWindowAttributesAux, ConnectionExt as _, EventMask, Window};
use x11rb::rust_connection::RustConnection;

x11rb::atom_manager! {
    Names: NamesCookie {
        _NET_ACTIVE_WINDOW,
        _NET_WM_PID,
        _NET_WM_STATE,
        _NET_WM_STATE_FULLSCREEN,
    }
}

/// More states than any window has.
const STATES: u32 = 64;

struct Screen {
    server: RustConnection,
    root: Window,
    names: Names,
}

/// Tells, for ever, whenever it may have changed whether the active window is of another program and fills the screen.
pub(super) fn watch(tell: impl Fn(bool)) -> Result<(), Box<dyn Error>> {
    let (server, screen) = x11rb::connect(None)?;
    let root = server.setup().roots.get(screen).ok_or("no screen")?.root;
    let names = Names::new(&server)?.reply()?;
    let screen = Screen { server, root, names };
    screen.listen(root, EventMask::PROPERTY_CHANGE)?;
    let mut active = None;
    loop {
        let now = screen.active()?;
        if now != active {
            // Of a window that is gone the server says so in an event, which nobody needs.
            if let Some(old) = active {
                screen.listen(old, EventMask::NO_EVENT)?;
            }
            if let Some(new) = now {
                screen.listen(new, EventMask::PROPERTY_CHANGE)?;
            }
            active = now;
        }
        tell(match active {
            Some(window) => screen.is_full(window)? && !screen.is_ours(window)?,
            None => false,
        });
        screen.wait()?;
    }
}

impl Screen {
    fn listen(&self, window: Window, events: EventMask) -> Result<(), Box<dyn Error>> {
        let wanted = ChangeWindowAttributesAux::new().event_mask(events);
        self.server.change_window_attributes(window, &wanted)?;
        Ok(())
    }

    fn active(&self) -> Result<Option<Window>, Box<dyn Error>> {
        let named = self.numbers(self.root, self.names._NET_ACTIVE_WINDOW, AtomEnum::WINDOW, 1)?;
        Ok(named.first().copied().filter(|window| *window != x11rb::NONE))
    }

    fn is_full(&self, window: Window) -> Result<bool, Box<dyn Error>> {
        let states = self.numbers(window, self.names._NET_WM_STATE, AtomEnum::ATOM, STATES)?;
        Ok(states.contains(&self.names._NET_WM_STATE_FULLSCREEN))
    }

    fn is_ours(&self, window: Window) -> Result<bool, Box<dyn Error>> {
        let owner = self.numbers(window, self.names._NET_WM_PID, AtomEnum::CARDINAL, 1)?;
        Ok(owner.first() == Some(&std::process::id()))
    }

    /// A list of numbers that a window carries. Empty if it does not, or is gone.
    fn numbers(&self, window: Window, name: Atom, kind: AtomEnum, most: u32) -> Result<Vec<u32>, Box<dyn Error>> {
        match self.server.get_property(false, window, name, kind, 0, most)?.reply() {
            Ok(property) => Ok(property.value32().map(Iterator::collect).unwrap_or_default()),
            Err(x11rb::errors::ReplyError::X11Error(_)) => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }

    /// Until another window is active, or the active one has other states.
    fn wait(&self) -> Result<(), Box<dyn Error>> {
        let telling = [self.names._NET_ACTIVE_WINDOW, self.names._NET_WM_STATE];
        loop {
            if let Event::PropertyNotify(event) = self.server.wait_for_event()?
                && telling.contains(&event.atom)
            {
                return Ok(());
            }
        }
    }
}
