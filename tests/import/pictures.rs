//! Pictures that come along: beside the file, in an archive.

use std::fs;

use dayi::{
    assets::Picture,
    import::{ImportError, Options, import_file},
};

use crate::files::{PNG, archive, codes, import};

#[test]
fn an_archive_brings_a_file_and_its_pictures() {
    let markdown = "**1、怎么退群？**\n\n答：点这里 ![](图/第%201%20步.png)\n".as_bytes();
    let sheet = "标准问,答案\n怎么退群？,点这里 ![](图/第%201%20步.png)\n".as_bytes();
    let name = Picture::new(PNG.to_vec()).unwrap().name().reference();
    for (file, content) in [("faq/常见问题.md", markdown), ("faq/常见问题.csv", sheet)] {
        let bytes = archive(&[
            ("__MACOSX/faq/._x.md", b"x"),
            ("faq/.DS_Store", b"x"),
            ("faq/readme.txt", b"x"),
            ("faq/图/第 1 步.png", PNG),
            (file, content),
        ]);
        let import = import("faq.zip", &bytes).unwrap();
        assert_eq!(codes(&import), []);
        assert_eq!(import.entries[0].answer.markdown(), format!("点这里 ![]({name})"));
        assert_eq!(import.pictures[0].bytes(), PNG);
        assert_eq!(import.entries[0].source.as_ref().unwrap().file, "faq.zip");
    }
}

#[test]
fn an_archive_of_several_files_or_none_asks() {
    for (parts, expected) in [
        (&[("a.txt", &b"x"[..])][..], "no file that can be imported"),
        (&[("a.md", b"x"), ("b.csv", b"x")], "a.md and b.csv"),
        (&[("inner.zip", b"x")], "no file that can be imported"),
    ] {
        let error = import("faq.zip", &archive(parts)).unwrap_err();
        assert!(matches!(error, ImportError::NotOneFile { .. }));
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn pictures_beside_a_file_are_found_and_those_outside_are_refused() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("faq/img")).unwrap();
    fs::write(root.path().join("secret.png"), PNG).unwrap();
    fs::write(root.path().join("faq/img/a.png"), PNG).unwrap();
    let absolute = root.path().join("secret.png");
    let text = format!(
        "**1、甲？**\n\n答：![](img/a.png)\n\n**2、乙？**\n\n答：看 ![](../secret.png)![]({})![](img/none.png)\n",
        absolute.display()
    );
    fs::write(root.path().join("faq/faq.md"), text).unwrap();
    let import = import_file(&root.path().join("faq/faq.md"), &Options::default()).unwrap();
    assert_eq!(import.pictures.len(), 1);
    assert_eq!(import.entries[1].answer.markdown(), "看 ![](img/none.png)");
    assert_eq!(
        codes(&import),
        [(Some(7), "picture_refused"), (Some(7), "picture_refused"), (Some(7), "picture_missing")]
    );
}
