//! The image as a file system that others can read (FUSE).
use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use backhand::InnerNode;
use fuser::{
    BackgroundSession, Config, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo,
    LockOwner, MountOption, OpenFlags, ReplyAttr, ReplyData, ReplyDirectory, ReplyEntry, ReplyOpen, Request, Session,
};
use nix::unistd::{getgid, getuid};

use crate::image::{self, Entry, Image};
use crate::say;

/// Nothing changes while it is there: the system need not ask again.
const FOR_EVER: Duration = Duration::from_secs(1 << 30);
const DEVICE: &str = "/dev/fuse";
/// So many reads at a time.
const THREADS: usize = 2;

/// Mounts the image on an empty directory, under this name, and serves it from now on.
pub(crate) fn serve(image: Image, name: &OsStr, directory: &Path) -> io::Result<BackgroundSession> {
    let mut config = Config::default();
    // A comma would end the option.
    let source = name.to_string_lossy().replace(',', "_");
    config.mount_options = vec![MountOption::FSName(source), MountOption::RO, MountOption::NoSuid, MountOption::NoDev];
    config.n_threads = Some(THREADS);
    Session::new(Served { image, name: name.to_string_lossy().into_owned() }, directory, &config)?.spawn()
}

/// Why it could not be mounted, and what would help.
pub(crate) fn reason(error: &io::Error) -> String {
    let told = error.to_string();
    match (Path::new(DEVICE).exists(), error.kind()) {
        (false, _) => format!("there is no {DEVICE}"),
        (true, ErrorKind::NotFound) => "the package fuse3 is missing, which brings fusermount3".to_owned(),
        (true, ErrorKind::PermissionDenied) => format!("{DEVICE} is closed to you"),
        (true, _) if told.trim().is_empty() => "fusermount failed".to_owned(),
        (true, _) => told.trim().to_owned(),
    }
}

struct Served {
    image: Image,
    name: String,
}

impl Served {
    fn attributes(&self, place: usize) -> Option<FileAttr> {
        let entry = self.image.entry(place)?;
        let (kind, size) = match &entry.inner {
            InnerNode::File(file) => (FileType::RegularFile, file.file_len()),
            InnerNode::Symlink(link) => (FileType::Symlink, link.link.as_os_str().len()),
            InnerNode::Dir(_) => (FileType::Directory, 0),
            _ => return None,
        };
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(entry.header.mtime.into());
        Some(FileAttr {
            ino: number(place),
            size: size as u64,
            blocks: (size as u64).div_ceil(512),
            atime: time,
            mtime: time,
            ctime: time,
            crtime: time,
            kind,
            perm: entry.header.permissions & 0o777,
            nlink: 1,
            uid: getuid().as_raw(),
            gid: getgid().as_raw(),
            rdev: 0,
            blksize: self.image.block_size(),
            flags: 0,
        })
    }

    fn kind(&self, place: usize) -> FileType {
        self.attributes(place).map_or(FileType::RegularFile, |attributes| attributes.kind)
    }
}

/// The system counts from one.
fn number(place: usize) -> INodeNo {
    INodeNo(place as u64 + 1)
}

fn place(number: INodeNo) -> usize {
    (number.0 as usize).wrapping_sub(1)
}

impl Filesystem for Served {
    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let is_it = |&child: &usize| self.image.entry(child).is_some_and(|entry: &Entry| image::name(entry) == name);
        let found = self.image.children(place(parent)).iter().copied().find(is_it);
        match found.and_then(|child| self.attributes(child)) {
            Some(attributes) => reply.entry(&FOR_EVER, &attributes, Generation(0)),
            None => reply.error(Errno::ENOENT),
        }
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        match self.attributes(place(ino)) {
            Some(attributes) => reply.attr(&FOR_EVER, &attributes),
            None => reply.error(Errno::ENOENT),
        }
    }

    fn readlink(&self, _: &Request, ino: INodeNo, reply: ReplyData) {
        match self.image.entry(place(ino)).map(|entry| &entry.inner) {
            Some(InnerNode::Symlink(link)) => reply.data(link.link.as_os_str().as_bytes()),
            _ => reply.error(Errno::EINVAL),
        }
    }

    fn open(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        reply.opened(FileHandle(0), FopenFlags::FOPEN_KEEP_CACHE);
    }

    fn read(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        match self.image.read(place(ino), offset, size as usize) {
            Ok(bytes) => reply.data(&bytes),
            Err(_) => {
                say(&crate::damaged(&self.name));
                reply.error(Errno::EIO);
            }
        }
    }

    fn readdir(&self, _: &Request, ino: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        let children = self.image.children(place(ino)).iter().copied();
        for (position, child) in children.enumerate().skip(offset as usize) {
            let Some(entry) = self.image.entry(child) else { continue };
            // The position is the one from which to go on.
            if reply.add(number(child), position as u64 + 1, self.kind(child), image::name(entry)) {
                break;
            }
        }
        reply.ok();
    }
}
