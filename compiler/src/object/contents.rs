//! The initial contents of memories as pieces: sparse, and in whole pages where there is much.

use std::collections::BTreeMap;

use wasmc_abi::layout::MAX_PAGE_SIZE;

/// Bytes of a page of the image.
const PAGE: u64 = MAX_PAGE_SIZE;

/// A run of this many zeros is left out of the file rather than copied: a piece costs 32 bytes.
const LONG_ZEROS: usize = 256;

/// Part of a memory's initial contents.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    /// To be copied to this offset.
    Copy(u64, Vec<u8>),
    /// Whole pages, to be mapped at this offset.
    Pages(u64, Vec<u8>),
}

/// Applies segments in order (later ones win) and divides what comes of it.
pub fn pieces<'a>(segments: impl Iterator<Item = (u64, &'a [u8])>) -> Vec<Piece> {
    let mut pages: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
    for (mut offset, mut bytes) in segments {
        while !bytes.is_empty() {
            let within = (offset % PAGE) as usize;
            let count = bytes.len().min(PAGE as usize - within);
            let page = pages.entry(offset / PAGE).or_insert_with(|| vec![0; PAGE as usize]);
            page[within..within + count].copy_from_slice(&bytes[..count]);
            (offset, bytes) = (offset + count as u64, &bytes[count..]);
        }
    }

    let mut pieces: Vec<Piece> = Vec::new();
    for (index, page) in pages {
        let start = index * PAGE;
        let extents = extents(&page);
        let used: usize = extents.iter().map(|(from, to)| to - from).sum();
        if used > PAGE as usize / 2 {
            match pieces.last_mut() {
                Some(Piece::Pages(first, bytes)) if *first + bytes.len() as u64 == start => {
                    bytes.extend_from_slice(&page);
                }
                _ => pieces.push(Piece::Pages(start, page)),
            }
            continue;
        }
        for (from, to) in extents {
            let (at, part) = (start + from as u64, &page[from..to]);
            match pieces.last_mut() {
                Some(Piece::Copy(first, bytes)) if *first + bytes.len() as u64 == at => bytes.extend_from_slice(part),
                _ => pieces.push(Piece::Copy(at, part.to_vec())),
            }
        }
    }
    pieces
}

/// The parts of a page that are not zero, with short runs of zeros inside.
fn extents(page: &[u8]) -> Vec<(usize, usize)> {
    let mut extents: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    while let Some(skipped) = page[at..].iter().position(|&byte| byte != 0) {
        let from = at + skipped;
        let length = page[from..].iter().position(|&byte| byte == 0).unwrap_or(page.len() - from);
        at = from + length;
        match extents.last_mut() {
            Some((_, end)) if from - *end < LONG_ZEROS => *end = at,
            _ => extents.push((from, at)),
        }
    }
    extents
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_segments_win_and_zeros_are_left_out() {
        let ones = [1; 8];
        let segments: [(u64, &[u8]); 3] = [(4, &ones), (8, &[2]), (1000, &[0; 5000])];
        assert_eq!(pieces(segments.into_iter()), [Piece::Copy(4, vec![1, 1, 1, 1, 2, 1, 1, 1])]);
    }

    #[test]
    fn full_pages_are_mapped_and_ragged_ends_copied() {
        let bytes = vec![7; 2 * PAGE as usize + 100];
        let pieces = pieces([(PAGE - 50, &bytes[..])].into_iter());
        let shape: Vec<(bool, u64, usize)> = pieces
            .iter()
            .map(|piece| match piece {
                Piece::Copy(at, bytes) => (false, *at, bytes.len()),
                Piece::Pages(at, bytes) => (true, *at, bytes.len()),
            })
            .collect();
        assert_eq!(shape, [(false, PAGE - 50, 50), (true, PAGE, 2 * PAGE as usize), (false, 3 * PAGE, 50)]);
    }
}
