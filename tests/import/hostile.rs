//! Files that are made to do harm: a clear error, and no more memory than an honest file takes.

use std::{
    fs::File,
    io::{Cursor, Write},
};

use dayi::import::{ImportError, Options, import_file};
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::files::{PNG, archive, codes, import, workbook};

/// An archive whose part `name` unpacks to one gigabyte.
fn bomb(name: &str, before: &[u8]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file(name, SimpleFileOptions::default()).unwrap();
    archive.write_all(before).unwrap();
    let block = vec![b'a'; 1 << 20];
    for _ in 0..1024 {
        archive.write_all(&block).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn a_cell_of_one_gigabyte_and_other_bombs_are_refused() {
    let cell = "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>";
    for (name, part, before) in [
        ("faq.xlsx", "xl/worksheets/sheet1.xml", cell),
        ("faq.xlsx", "xl/sharedStrings.xml", "<sst><si><t>"),
        ("faq.docx", "word/document.xml", "<w:document><w:body><w:p><w:r><w:t>"),
        ("faq.zip", "faq.csv", "标准问,答案\n甲,"),
    ] {
        let error = import(name, &bomb(part, before.as_bytes())).unwrap_err();
        assert!(error.to_string().contains("unpacks to more than"), "{name} {part}: {error}");
    }
}

#[test]
fn a_picture_of_one_gigabyte_is_refused_and_its_entry_is_kept() {
    let mut packed = ZipWriter::new(Cursor::new(Vec::new()));
    packed.start_file("faq.md", SimpleFileOptions::default()).unwrap();
    packed.write_all("**1、甲？**\n\n答：看 ![](a.png)\n".as_bytes()).unwrap();
    packed.start_file("a.png", SimpleFileOptions::default()).unwrap();
    packed.write_all(PNG).unwrap();
    let block = vec![0; 1 << 20];
    for _ in 0..1024 {
        packed.write_all(&block).unwrap();
    }
    let import = import("faq.zip", &packed.finish().unwrap().into_inner()).unwrap();
    assert_eq!(codes(&import), [(Some(3), "picture_refused")]);
    assert_eq!(import.entries[0].answer.markdown(), "看");
}

#[test]
fn a_file_that_is_larger_than_any_faq_is_refused_before_it_is_read_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("faq.csv");
    // A file of holes: it takes no room on the disk.
    File::create(&path).unwrap().set_len(1 << 30).unwrap();
    let error = import_file(&path, &Options::default()).unwrap_err();
    assert!(matches!(error, ImportError::TooLarge { .. }), "{error}");
}

#[test]
fn a_truncated_file_is_refused() {
    let whole = workbook(&[("FAQ", &[&["标准问", "答案"], &["甲", "乙"]])]);
    assert_eq!(import("faq.xlsx", &whole).unwrap().entries.len(), 1);
    for length in [10, whole.len() / 2, whole.len() - 10] {
        let error = import("faq.xlsx", &whole[..length]).unwrap_err();
        assert!(matches!(error, ImportError::Archive { .. }), "{length}: {error}");
    }
    let mut damaged = whole;
    // In the middle of the packed bytes of the first part.
    damaged[60..80].fill(0xAA);
    assert!(matches!(import("faq.xlsx", &damaged), Err(ImportError::Archive { .. })));
}

#[test]
fn entities_of_a_workbook_do_not_grow() {
    let laughs = "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"haha\"><!ENTITY b \"&a;&a;&a;&a;\">]>\
                  <worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>\
                  <row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>标准问</t></is></c><c r=\"B1\" t=\"inlineStr\"><is><t>答案\
                  </t></is></c></row><row r=\"2\"><c r=\"A2\" t=\"inlineStr\"><is><t>甲</t></is></c>\
                  <c r=\"B2\" t=\"inlineStr\"><is><t>&b;</t></is></c></row></sheetData></worksheet>";
    let mut parts = zip::ZipArchive::new(Cursor::new(workbook(&[("FAQ", &[&["x"]])]))).unwrap();
    let mut copy = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..parts.len() {
        let mut part = parts.by_index(index).unwrap();
        let name = part.name().unwrap().into_owned();
        copy.start_file(name.as_str(), SimpleFileOptions::default()).unwrap();
        if name == "xl/worksheets/sheet1.xml" {
            copy.write_all(laughs.as_bytes()).unwrap();
        } else {
            std::io::copy(&mut part, &mut copy).unwrap();
        }
    }
    match import("faq.xlsx", &copy.finish().unwrap().into_inner()) {
        Ok(import) => assert!(import.entries.iter().all(|entry| !entry.answer.markdown().contains("haha"))),
        Err(error) => assert!(matches!(error, ImportError::Archive { .. }), "{error}"),
    }
}

#[test]
fn paths_in_an_archive_lead_nowhere() {
    let text =
        "**1、甲？**\n\n答：看 ![](../../etc/passwd)![](/etc/passwd)![](C:\\a.png)![](x/../../a.png)\n";
    let bytes = archive(&[("a/faq.md", text.as_bytes()), ("../../etc/passwd", PNG), ("/etc/passwd", PNG)]);
    let import = import("faq.zip", &bytes).unwrap();
    let refused: Vec<_> = codes(&import).into_iter().map(|(_, code)| code).collect();
    assert_eq!(refused, ["picture_refused"; 4]);
    assert_eq!((import.entries[0].answer.markdown(), import.pictures.len()), ("看", 0));
}
