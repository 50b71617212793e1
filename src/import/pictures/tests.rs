use std::fs;

use super::*;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n1";

fn codes(src: &str, folder: Option<&Path>) -> Vec<&'static str> {
    let escaped = src.replace('\\', "\\\\");
    let (_, issues) = take(&format!("看图\n\n![图](<{escaped}>)"), folder);
    issues.iter().map(IssueKind::code).collect()
}

fn take(markdown: &str, folder: Option<&Path>) -> (Answer, Vec<IssueKind>) {
    Pictures::new(folder, None).take(Answer::new(markdown))
}

#[test]
fn a_picture_that_leaves_the_folder_is_cut_out_however_it_is_spelled() {
    let folder = tempfile::tempdir().unwrap();
    for src in [
        "../a.png",
        "img/../../a.png",
        "%2e%2e/a.png",
        "..%2fa.png",
        "%252e%252e%252fa.png",
        "img\\..\\..\\a.png",
        "..\\a.png",
        "%5c%5chost%5ca.png",
        "/etc/passwd",
        "%2fetc/passwd",
        "//host/a.png",
        "C:\\a.png",
        "c:a.png",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "~/a.png",
        ".. /a.png",
        "a%00.png",
        "%ff.png",
    ] {
        assert_eq!(codes(src, Some(folder.path())), ["picture_refused"], "{src}");
        assert_eq!(codes(src, None), ["picture_refused"], "{src}");
    }
    let (answer, _) = take("看 ![x](../a.png) 图 <img src='/a.png'/>", None);
    assert_eq!(answer.markdown(), "看  图");
}

#[test]
fn a_picture_inside_the_folder_is_fine_or_missing() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("img")).unwrap();
    fs::write(folder.path().join("img/第 1 步.png"), PNG).unwrap();
    for src in ["img/第 1 步.png", "./img/第%201%20步.png", "img\\第 1 步.png", "img/../img/第 1 步.png"]
    {
        assert_eq!(codes(src, Some(folder.path())), <[&str; 0]>::default(), "{src}");
        assert_eq!(codes(src, None), ["picture_missing"], "{src}");
    }
    for src in ["img/none.png", "img", ""] {
        assert_eq!(codes(src, Some(folder.path())), ["picture_missing"], "{src}");
    }
    for src in ["https://example.com/../a.png", "HTTP://example.com/a.png"] {
        assert_eq!(codes(src, Some(folder.path())), <[&str; 0]>::default(), "{src}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_folder_is_refused() {
    let (outside, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(outside.path().join("a.png"), PNG).unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.path().join("img")).unwrap();
    assert_eq!(codes("img/a.png", Some(folder.path())), ["picture_refused"]);
}

#[test]
fn html_attributes_are_found_in_any_quotes() {
    for tag in
        ["<img src=a.png alt=b>", "<IMG data-src='x' SRC = \"a.png\" alt='b' />", "<img alt='b' src='a.png'>"]
    {
        assert_eq!(html_picture(tag), Some(("a.png", "b")), "{tag}");
    }
    assert_eq!(html_picture("<img>"), None);
    assert_eq!(html_picture("<img src="), None);
}

#[test]
fn a_picture_is_named_after_its_content_and_found_once() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.jpg"), PNG).unwrap();
    fs::write(folder.path().join("b (1).png"), PNG).unwrap();
    let name = Picture::new(PNG.to_vec()).unwrap().name().reference();
    let mut pictures = Pictures::new(Some(folder.path()), None);
    let inline = format!("data:image/png;base64,{}", BASE64_STANDARD.encode(PNG));
    for (given, expected) in [
        ("点 ![第*一*步](a.jpg \"题\") 看", format!("点 ![第一步]({name}) 看")),
        ("![](<b (1).png>)", format!("![]({name})")),
        ("见 <img alt='x' src='a.jpg'> 图", format!("见 <img alt='x' src='{name}'> 图")),
        (&format!("![x]({inline})"), format!("![x]({name})")),
        ("![a ![b](a.jpg)](a.jpg)", format!("![a b]({name})")),
    ] {
        let (answer, issues) = pictures.take(Answer::new(given));
        assert_eq!((answer.markdown(), issues), (expected.as_str(), vec![]), "{given}");
    }
    assert_eq!(pictures.into_found(), [Picture::new(PNG.to_vec()).unwrap()]);
}

#[test]
fn a_file_that_is_no_picture_is_cut_out_and_said_why() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.svg"), "<svg onload='alert(1)'/>").unwrap();
    fs::write(folder.path().join("a.wmf"), [0xD7, 0xCD, 0xC6, 0x9A]).unwrap();
    fs::write(folder.path().join("a.png"), "MZ").unwrap();
    for (src, reason) in [
        ("a.svg", "SVG"),
        ("a.wmf", "metafile (WMF)"),
        ("a.png", "no PNG"),
        ("data:image/svg+xml;base64,PHN2Zy8+", "SVG"),
        ("data:image/png;base64,???", "base64"),
    ] {
        let (answer, issues) = take(&format!("看 ![]({src})"), Some(folder.path()));
        assert_eq!(answer.markdown(), "看");
        assert!(issues[0].to_string().contains(reason), "{issues:?}");
    }
}

#[test]
fn a_picture_that_the_data_directory_holds_is_not_missing() {
    let data = tempfile::tempdir().unwrap();
    let picture = Picture::new(PNG.to_vec()).unwrap();
    let assets = Assets::in_data(data.path());
    let text = format!("![]({})", picture.name().reference());
    let codes = |kept| {
        let (answer, issues) = Pictures::new(None, kept).take(Answer::new(text.as_str()));
        assert_eq!(answer.markdown(), text);
        issues.iter().map(IssueKind::code).collect::<Vec<_>>()
    };
    assert_eq!(codes(Some(assets.clone())), ["picture_missing"]);
    assets.keep([&picture]).unwrap();
    assert_eq!(codes(Some(assets)), <[&str; 0]>::default());
}
