use std::io::Write;

use proptest::prelude::*;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::*;

fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in parts {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        archive.start_file(*name, options).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn a_zip_bomb_is_refused_after_the_limit_and_not_after_its_size() {
    let mut bomb = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let block = vec![0; 1 << 20];
    bomb.start_file("a", SimpleFileOptions::default()).unwrap();
    for _ in 0..=(MAX_BYTES >> 20) {
        bomb.write_all(&block).unwrap();
    }
    let bomb = bomb.finish().unwrap().into_inner();
    assert!(bomb.len() < 1 << 20, "that is what makes it a bomb");
    assert!(matches!(Archive::open(&bomb).unwrap().check(), Err(ArchiveError::TooLarge)));
    assert!(matches!(Archive::open(&bomb).unwrap().read("a"), Err(ArchiveError::TooLarge)));
    assert!(matches!(sheets(&bomb), Err(WorkbookError::Archive(ArchiveError::TooLarge))));
}

#[test]
fn a_truncated_archive_is_damaged() {
    let whole = archive(&[("a.txt", b"hello"), ("b.txt", b"world")]);
    for length in [0, 1, whole.len() / 2, whole.len() - 1] {
        assert!(matches!(Archive::open(&whole[..length]), Err(ArchiveError::Damaged { .. })), "{length}");
    }
    let mut archive = Archive::open(&whole).unwrap();
    assert_eq!(archive.read("b.txt").unwrap().as_deref(), Some(&b"world"[..]));
    assert_eq!(archive.read("c.txt").unwrap(), None);
}

#[test]
fn cells_that_look_like_formulas_are_written_as_text() {
    for (cell, written) in [
        ("=1+1", "'=1+1"),
        ("+86 10", "'+86 10"),
        ("- 一", "'- 一"),
        ("@x", "'@x"),
        ("\t=1", "'\t=1"),
        ("'=1", "''=1"),
        ("'好'", "'好'"),
        ("1=1", "1=1"),
    ] {
        assert_eq!(guard(cell), written);
        assert_eq!(unguard(written.to_owned()), cell);
    }
}

#[test]
fn the_delimiter_is_what_the_first_line_has_most_of() {
    for (text, expected) in
        [("a,b", b','), ("\na\tb,c\td", b'\t'), ("a;b;c,d", b';'), ("a", b','), ("", b',')]
    {
        assert_eq!(delimiter(text), expected, "{text:?}");
    }
}

proptest! {
    #[test]
    fn every_cell_comes_back_from_its_guard(cell in "['=+\\-@a\t]{0,5}") {
        prop_assert_eq!(unguard(guard(&cell)), cell.clone());
        let is_formula = guard(&cell).starts_with(['=', '+', '-', '@', '\t']);
        prop_assert!(!is_formula);
    }
}
