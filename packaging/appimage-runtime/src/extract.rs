//! Unpacking files of the image into a directory, and never beside it: whatever lies there, no link is followed.
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use backhand::InnerNode;
use glob::Pattern;
use nix::errno::Errno;
use nix::fcntl::{OFlag, open, openat};
use nix::sys::stat::{Mode, mkdirat};
use nix::unistd::{UnlinkatFlags, symlinkat, unlinkat};

use crate::image::{self, Entry, Image};

/// Unpacks into this directory what matches the pattern, or all; what is in a directory that matches, too. What is there
/// already is replaced. `each` is told the path in the image of everything that was written.
pub(crate) fn extract(
    image: &Image,
    directory: &Path,
    pattern: Option<&Pattern>,
    mut each: impl FnMut(&Path),
) -> io::Result<()> {
    let top = open(directory, OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC, Mode::empty())?;
    Extraction { image, pattern, each: &mut each }.children(0, top.as_fd(), pattern.is_none())
}

struct Extraction<'a> {
    image: &'a Image,
    pattern: Option<&'a Pattern>,
    each: &'a mut dyn FnMut(&Path),
}

impl Extraction<'_> {
    fn children(&mut self, place: usize, directory: BorrowedFd<'_>, whole: bool) -> io::Result<()> {
        for &child in self.image.children(place) {
            if let Some(entry) = self.image.entry(child) {
                self.entry(child, entry, directory, whole)?;
            }
        }
        Ok(())
    }

    /// `whole`: it is wanted, whatever its name.
    fn entry(&mut self, place: usize, entry: &Entry, directory: BorrowedFd<'_>, whole: bool) -> io::Result<()> {
        let path = entry.fullpath.strip_prefix("/").unwrap_or(&entry.fullpath);
        let wanted = whole || self.pattern.is_some_and(|pattern| pattern.matches_path(path));
        let name = image::name(entry);
        let mode = Mode::from_bits_truncate(u32::from(entry.header.permissions) & 0o777);
        if let InnerNode::Dir(_) = entry.inner {
            if !wanted && !self.leads_on(place) {
                return Ok(());
            }
            // Whatever its mode says, its files can be written, and removed later.
            match mkdirat(directory, name, mode | Mode::S_IRWXU) {
                Err(Errno::EEXIST) => {}
                made => made?,
            }
            let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
            let inner = openat(directory, name, flags, Mode::empty())?;
            if wanted {
                (self.each)(path);
            }
            return self.children(place, inner.as_fd(), wanted);
        }
        if !wanted {
            return Ok(());
        }
        match unlinkat(directory, name, UnlinkatFlags::NoRemoveDir) {
            Err(Errno::ENOENT) => {}
            removed => removed?,
        }
        match &entry.inner {
            InnerNode::File(file) => self.file(file, directory, name, mode)?,
            InnerNode::Symlink(link) => symlinkat(link.link.as_path(), directory, name)?,
            // Devices and the like are in no AppImage.
            _ => return Ok(()),
        }
        (self.each)(path);
        Ok(())
    }

    fn file(
        &self,
        file: &backhand::SquashfsFileReader,
        directory: BorrowedFd<'_>,
        name: &OsStr,
        mode: Mode,
    ) -> io::Result<()> {
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let mut written = File::from(openat(directory, name, flags, mode)?);
        io::copy(&mut self.image.content(file)?, &mut written)?;
        Ok(())
    }

    /// Whether something below this directory is wanted.
    fn leads_on(&self, place: usize) -> bool {
        self.image.children(place).iter().any(|&child| {
            let path = self.image.entry(child).map(|entry| entry.fullpath.strip_prefix("/").unwrap_or(&entry.fullpath));
            path.zip(self.pattern).is_some_and(|(path, pattern)| pattern.matches_path(path)) || self.leads_on(child)
        })
    }
}
