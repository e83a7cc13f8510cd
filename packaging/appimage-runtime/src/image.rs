//! The compressed file system behind the program: where it is, and what is in it.
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Component, Path};

use backhand::kind::Kind;
use backhand::{FilesystemReader, InnerNode, Node, SquashfsFileReader};

use crate::blocks::Blocks;
use crate::checked::Checked;
use crate::zstd::Zstd;

/// A file, a directory or a link in the image.
pub(crate) type Entry = Node<SquashfsFileReader>;

/// Places in the header of an ELF file of 64 bits (elf(5): e_shoff, e_shentsize, e_shnum).
const SECTION_TABLE: usize = 0x28;
const SECTION_SIZE: usize = 0x3a;
const SECTION_COUNT: usize = 0x3c;

/// What an AppImage holds.
pub(crate) struct Image {
    system: FilesystemReader<'static>,
    /// For each entry, the places of those in it. By the place of an entry: that of the top is 0.
    children: Vec<Vec<usize>>,
    blocks: Blocks,
}

impl Image {
    /// Reads what the file holds from this many bytes on, up to the content of files. An error means that it is damaged.
    pub(crate) fn open(file: File, offset: u64) -> io::Result<Self> {
        let checked = Checked::new(file, offset)?;
        let system = FilesystemReader::from_reader_with_offset_and_kind(checked, 0, Kind::new_v4(&Zstd))?;
        let children = children(&system.root.nodes)?;
        Ok(Self { system, children, blocks: Blocks::default() })
    }

    pub(crate) fn entry(&self, place: usize) -> Option<&Entry> {
        self.system.root.nodes.get(place)
    }

    /// The places of what is in this directory.
    pub(crate) fn children(&self, place: usize) -> &[usize] {
        self.children.get(place).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn block_size(&self) -> u32 {
        self.system.block_size
    }

    /// At most so many bytes of the file at this place, beginning at the offset: less only at its end.
    pub(crate) fn read(&self, place: usize, offset: u64, size: usize) -> io::Result<Vec<u8>> {
        let Some(InnerNode::File(file)) = self.entry(place).map(|entry| &entry.inner) else {
            return Err(ErrorKind::InvalidInput.into());
        };
        let block_size = u64::from(self.system.block_size);
        let end = (file.file_len() as u64).min(offset.saturating_add(size as u64));
        let mut bytes = Vec::with_capacity(size);
        let mut at = offset;
        while at < end {
            let number = at / block_size;
            let from = (at % block_size) as usize;
            let more = (end - at).min(block_size - at % block_size) as usize;
            let unpack = || self.block(file, number * block_size);
            let part = self.blocks.get((place, number), unpack, |block| {
                block.get(from..from + more).map(|part| bytes.extend_from_slice(part))
            })?;
            part.ok_or(ErrorKind::UnexpectedEof)?;
            at += more as u64;
        }
        Ok(bytes)
    }

    /// The whole content of a file, from its beginning.
    pub(crate) fn content<'a>(&'a self, file: &'a SquashfsFileReader) -> io::Result<impl Read + 'a> {
        Ok(self.system.file(file).reader_checked()?)
    }

    fn block(&self, file: &SquashfsFileReader, offset: u64) -> io::Result<Vec<u8>> {
        let mut reader = self.system.file(file).reader_checked()?;
        reader.seek(SeekFrom::Start(offset))?;
        let mut block = Vec::new();
        reader.take(self.system.block_size.into()).read_to_end(&mut block)?;
        Ok(block)
    }
}

/// The last part of an entry's path.
pub(crate) fn name(entry: &Entry) -> &OsStr {
    entry.fullpath.file_name().unwrap_or_default()
}

/// Finds who is in whom, and refuses what would lead out of a directory: each path is once there, and below a directory.
fn children(nodes: &[Entry]) -> io::Result<Vec<Vec<usize>>> {
    let places: HashMap<&Path, usize> =
        nodes.iter().enumerate().map(|(n, node)| (node.fullpath.as_path(), n)).collect();
    let mut children = vec![Vec::new(); nodes.len()];
    for (place, Node { fullpath, .. }) in nodes.iter().enumerate().skip(1) {
        let mut parts = fullpath.components().skip(1);
        let parent = fullpath.parent().and_then(|path| places.get(path)).copied();
        let sound =
            parts.all(|part| matches!(part, Component::Normal(_))) && places.get(fullpath.as_path()) == Some(&place);
        match parent {
            Some(parent) if sound && matches!(nodes[parent].inner, InnerNode::Dir(_)) => children[parent].push(place),
            _ => return Err(ErrorKind::InvalidData.into()),
        }
    }
    Ok(children)
}

/// Where the program ends and the file system begins, in bytes: behind the table of sections, the last part of an ELF file.
pub(crate) fn offset(file: &mut File) -> io::Result<u64> {
    let mut header = [0; 64];
    file.read_exact(&mut header)?;
    let short = |at: usize| u64::from(u16::from_le_bytes([header[at], header[at + 1]]));
    let table = u64::from_le_bytes(std::array::from_fn(|n| header[SECTION_TABLE + n]));
    Ok(table.saturating_add(short(SECTION_SIZE) * short(SECTION_COUNT)))
}

#[cfg(test)]
mod tests {
    use backhand::{NodeHeader, SquashfsDir, SquashfsSymlink};

    use super::*;

    fn directory(path: &str) -> Entry {
        Node { fullpath: path.into(), header: NodeHeader::default(), inner: InnerNode::Dir(SquashfsDir::default()) }
    }

    fn link(path: &str) -> Entry {
        let inner = InnerNode::Symlink(SquashfsSymlink { link: "/etc".into() });
        Node { fullpath: path.into(), header: NodeHeader::default(), inner }
    }

    #[test]
    fn each_entry_is_in_its_directory() {
        let entries = [directory("/"), directory("/usr"), link("/usr/link")];
        assert_eq!(children(&entries).expect("sound"), [vec![1], vec![2], vec![]]);
    }

    #[test]
    fn what_would_lead_out_is_refused() {
        for wrong in [
            vec![directory("/"), directory("/.."), link("/../passwd")],
            vec![directory("/"), link("/usr"), link("/usr/passwd")],
            vec![directory("/"), directory("/usr"), link("/usr"), link("/usr/passwd")],
            vec![directory("/"), link("/lost/passwd")],
        ] {
            assert!(children(&wrong).is_err(), "{wrong:?}");
        }
    }
}
