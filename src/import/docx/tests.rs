//! Documents are put together here, part by part, as Word does.

use std::{fmt::Write as _, fs, io::Write as _, path::Path};

use proptest::prelude::*;
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::import::{Import, ImportError, Options, Severity, import_bytes};

const W: &str = "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\" \
                 xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\" \
                 xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\" \
                 xmlns:wp=\"http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing\" \
                 xmlns:v=\"urn:schemas-microsoft-com:vml\" \
                 xmlns:mc=\"http://schemas.openxmlformats.org/markup-compatibility/2006\"";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n1";
const JPEG: &[u8] = b"\xFF\xD8\xFF\xE01";

/// List 1: 一、 / 1、 ; list 2: the same, beginning anew; list 3: bullets.
fn numbering() -> String {
    let level = |index: usize, format: &str, text: &str| {
        format!(
            "<w:lvl w:ilvl=\"{index}\"><w:start w:val=\"1\"/><w:numFmt w:val=\"{format}\"/>\
             <w:lvlText w:val=\"{text}\"/></w:lvl>"
        )
    };
    format!(
        "<w:numbering {W}><w:abstractNum w:abstractNumId=\"0\">{}{}</w:abstractNum>\
         <w:abstractNum w:abstractNumId=\"1\">{}{}</w:abstractNum>\
         <w:num w:numId=\"1\"><w:abstractNumId w:val=\"0\"/></w:num>\
         <w:num w:numId=\"2\"><w:abstractNumId w:val=\"0\"/><w:lvlOverride w:ilvl=\"1\"><w:startOverride w:val=\"1\"/>\
         </w:lvlOverride></w:num><w:num w:numId=\"3\"><w:abstractNumId w:val=\"1\"/></w:num></w:numbering>",
        level(0, "chineseCountingThousand", "（%1）"),
        level(1, "decimal", "%2、"),
        level(0, "bullet", "\u{f0b7}"),
        level(1, "bullet", "o"),
    )
}

fn styles() -> String {
    format!(
        "<w:styles {W}><w:style w:styleId=\"1\"><w:name w:val=\"heading 1\"/><w:rPr><w:b/></w:rPr></w:style>\
         <w:style w:styleId=\"2\"><w:name w:val=\"heading 2\"/><w:basedOn w:val=\"1\"/></w:style>\
         <w:style w:styleId=\"q\"><w:name w:val=\"问题\"/><w:pPr><w:numPr><w:ilvl w:val=\"1\"/><w:numId w:val=\"1\"/></w:numPr></w:pPr>\
         <w:rPr><w:b/></w:rPr></w:style><w:style w:styleId=\"TOC1\"><w:name w:val=\"toc 1\"/></w:style></w:styles>"
    )
}

const RELATIONS: &str = "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
    <Relationship Id=\"p1\" Type=\"x/image\" Target=\"media/image1.jpeg\"/>\
    <Relationship Id=\"p2\" Type=\"x/image\" Target=\"media/image2.png\"/>\
    <Relationship Id=\"p3\" Type=\"x/image\" Target=\"media/image3.emf\"/>\
    <Relationship Id=\"p4\" Type=\"x/image\" Target=\"../../../etc/passwd\"/>\
    <Relationship Id=\"l1\" Type=\"x/hyperlink\" TargetMode=\"External\" Target=\"https://example.com/a\"/></Relationships>";

fn docx_of(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in parts {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A document with this body, and everything it may refer to.
fn docx(body: &str) -> Vec<u8> {
    let document = format!("<?xml version=\"1.0\"?><w:document {W}><w:body>{body}</w:body></w:document>");
    let mut emf = vec![0; 44];
    emf[40..].copy_from_slice(b" EMF");
    docx_of(&[
        ("word/document.xml", document.as_bytes()),
        ("word/numbering.xml", numbering().as_bytes()),
        ("word/styles.xml", styles().as_bytes()),
        ("word/_rels/document.xml.rels", RELATIONS.as_bytes()),
        ("word/media/image1.jpeg", JPEG),
        ("word/media/image2.png", PNG),
        ("word/media/image3.emf", &emf),
    ])
}

fn import(body: &str) -> Import {
    import_bytes("faq.docx", &docx(body), &Options::default()).unwrap()
}

fn run(text: &str, bold: bool) -> String {
    let properties = if bold { "<w:rPr><w:b/></w:rPr>" } else { "" };
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    format!("<w:r>{properties}<w:t xml:space=\"preserve\">{text}</w:t></w:r>")
}

fn paragraph(properties: &str, runs: &str) -> String {
    format!("<w:p><w:pPr>{properties}</w:pPr>{runs}</w:p>")
}

fn numbered(list: u8, level: u8) -> String {
    format!("<w:numPr><w:ilvl w:val=\"{level}\"/><w:numId w:val=\"{list}\"/></w:numPr>")
}

fn picture(relation: &str) -> String {
    format!(
        "<w:r><mc:AlternateContent><mc:Choice><w:drawing><wp:inline><wp:docPr id=\"1\" name=\"图片 1\"/>\
         <a:blip r:embed=\"{relation}\"/></wp:inline></w:drawing></mc:Choice><mc:Fallback><w:pict>\
         <v:imagedata r:id=\"{relation}\"/></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )
}

fn texts(import: &Import) -> Vec<(&str, &str, &str)> {
    import
        .entries
        .iter()
        .map(|entry| (entry.id.as_str(), entry.question.as_str(), entry.answer.markdown()))
        .collect()
}

/// The customer's FAQ as its author has it in Word: what the Markdown file says, with the numbers left to Word.
fn customers_faq() -> Vec<u8> {
    let source =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/wecom-faq/wecom-faq.md"))
            .unwrap();
    let mut body = String::new();
    // Runs of the paragraph that is open, and its properties.
    let mut open: Option<(String, String)> = None;
    let mut pictures = 0;
    // Two empty chapters come first, so that this one is the third.
    let mut close = |open: &mut Option<(String, String)>| {
        if let Some((properties, runs)) = open.take() {
            let _ = write!(body, "{}", paragraph(&properties, &runs));
        }
    };
    for line in source.lines() {
        let line = line.split("</a>").last().unwrap().trim();
        let bold = line.strip_prefix("**").and_then(|rest| rest.split_once("**"));
        if line.is_empty() {
            continue;
        }
        if line.starts_with("![]") {
            close(&mut open);
            pictures += 1;
            open = Some((String::new(), picture(&format!("p{pictures}"))));
            close(&mut open);
        } else if let Some((words, rest)) = bold {
            let digits = words.bytes().take_while(u8::is_ascii_digit).count();
            if let Some(title) = words.strip_prefix("（三）") {
                open = Some((numbered(1, 0), run(title, true)));
            } else if digits > 0 {
                close(&mut open);
                open = Some((numbered(1, 1), run(words[digits..].trim_start_matches('、'), true)));
            } else if words.starts_with("解决方案") {
                close(&mut open);
                open = Some((String::new(), run(words, true) + &run(rest, false)));
            } else if let Some((_, runs)) = &mut open {
                runs.push_str(&run(words, true));
            }
        } else {
            // The list of one answer is typed by hand there.
            if line.starts_with("2、") {
                close(&mut open);
                open = Some((String::new(), String::new()));
            }
            if let Some((_, runs)) = &mut open {
                runs.push_str(&run(line, false));
            }
        }
    }
    close(&mut open);
    let empty = paragraph(&numbered(1, 0), &run("帐号相关", true))
        + &paragraph(&numbered(1, 0), &run("安装相关", true));
    docx(&(empty + &body))
}

#[test]
fn the_customers_faq_is_the_same_in_word_as_in_markdown() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let source = fs::read(root.join("data/wecom-faq/wecom-faq.md")).unwrap();
    let name = "Aspose.Words.377cb4ca-ba1d-4455-a54b-feee72fead30";
    fs::write(folder.path().join(format!("{name}.001.jpeg")), JPEG).unwrap();
    fs::write(folder.path().join(format!("{name}.002.png")), PNG).unwrap();
    let options = Options { folder: Some(folder.path()), ..Options::default() };
    let markdown = import_bytes("wecom-faq.md", &source, &options).unwrap();
    let word = import_bytes("wecom-faq.docx", &customers_faq(), &Options::default()).unwrap();

    assert_eq!(markdown.report.issues, []);
    assert_eq!(word.report.issues, []);
    for (word, markdown) in word.entries.iter().zip(&markdown.entries) {
        assert!(word.has_content_of(markdown), "{word:#?}\n{markdown:#?}");
        let (word, markdown) = (word.source.as_ref().unwrap(), markdown.source.as_ref().unwrap());
        assert_eq!((&word.heading, word.number), (&markdown.heading, markdown.number));
    }
    assert_eq!((word.entries.len(), word.pictures.len()), (26, 2));
    assert_eq!(word.pictures, markdown.pictures);
}

#[test]
fn numbers_and_levels_come_from_lists_and_styles() {
    let body = [
        paragraph("<w:pStyle w:val=\"TOC1\"/>", &run("目录 1", false)),
        paragraph("<w:pStyle w:val=\"1\"/>", &run("群聊", false)),
        paragraph("<w:pStyle w:val=\"q\"/>", &run("怎么退群", false)),
        paragraph("", &(run("答：", true) + &run("点这里：", false))),
        paragraph(&numbered(3, 0), &run("右上角", false)),
        paragraph(&numbered(3, 1), &run("退出", false)),
        paragraph("<w:pStyle w:val=\"q\"/>", &run("怎么入群", false)),
        paragraph("", &run("答：扫码", false)),
        paragraph("<w:pStyle w:val=\"1\"/>", &run("客户", false)),
        paragraph(&format!("<w:pStyle w:val=\"q\"/>{}", numbered(2, 1)), &run("怎么加客户", false)),
        paragraph("", &run("答：搜索", false)),
    ];
    let import = import(&body.concat());
    assert_eq!(import.report.issues, []);
    assert_eq!(
        texts(&import),
        [
            ("faq-1", "怎么退群", "点这里：\n\n- 右上角\n    - 退出"),
            ("faq-2", "怎么入群", "扫码"),
            ("faq-s2-1", "怎么加客户", "搜索"),
        ]
    );
    assert_eq!(import.entries[2].category, ["客户"]);
    assert_eq!(
        import.entries[0].source.as_ref().unwrap().line,
        Some(2),
        "paragraphs are counted, the contents is not one"
    );
}

#[test]
fn what_a_paragraph_is_made_of_arrives_in_its_place() {
    let deleted = "<w:del><w:r><w:delText>删掉</w:delText></w:r></w:del><w:r><w:rPr><w:vanish/></w:rPr><w:t>隐藏</w:t></w:r>";
    let body = [
        paragraph("", &(run("1、算 2*3 <b> 是多少_？", true) + "<w:r><w:br/></w:r>" + &run("答：见", false)
            + "<w:hyperlink r:id=\"l1\"><w:r><w:t>这里</w:t></w:r></w:hyperlink>" + deleted + &picture("p2")
            + "<w:r><w:noBreakHyphen/><w:t>`x`</w:t><w:tab/><w:t>&amp;amp; # [y](z)</w:t></w:r>")),
        "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>版本</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>a|b</w:t></w:r></w:p></w:tc></w:tr>\
         <w:tr><w:tc><w:p/></w:tc><w:tc><w:p><w:r><w:t>有</w:t></w:r></w:p><w:p><w:r><w:t>没有</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
            .to_owned(),
    ];
    let import = import(&body.concat());
    let name = import.pictures[0].name().reference();
    let (_, question, answer) = texts(&import)[0];
    assert_eq!(question, "算 2*3 <b> 是多少_？");
    let expected = format!(
        "见[这里](https://example.com/a)![]({name})-\\`x\\` \\&amp; # \\[y\\](z)\n\n| 版本 | a\\|b |\n| --- | --- |\n|  | 有<br>没有 |"
    );
    assert_eq!(answer, expected);
    assert_eq!(import.entries[0].answer.plain_text().lines().next(), Some("见这里-`x` &amp; # [y](z)"));
}

#[test]
fn a_table_of_questions_and_answers_is_read_as_such() {
    let cell = |text: &str| format!("<w:tc><w:p>{}</w:p></w:tc>", run(text, false));
    let row =
        |cells: &[&str]| format!("<w:tr>{}</w:tr>", cells.iter().map(|text| cell(text)).collect::<String>());
    let table = format!(
        "<w:tbl>{}{}{}</w:tbl>",
        row(&["序号", "问题", "答案"]),
        row(&["1", "怎么退群", "点右上角"]),
        row(&["2", "怎么入群", "扫码"])
    );
    let import = import(&(paragraph("<w:pStyle w:val=\"1\"/>", &run("群聊", false)) + &table));
    let found: Vec<_> = texts(&import).into_iter().map(|(_, question, answer)| (question, answer)).collect();
    assert_eq!(found, [("怎么退群", "点右上角"), ("怎么入群", "扫码")]);
    assert_eq!(import.entries[1].category, ["群聊"]);
}

#[test]
fn pictures_that_no_browser_shows_or_nobody_may_read_are_reported() {
    let body = paragraph("", &run("1、怎么看图？", true))
        + &paragraph("", &(run("答：看", false) + &picture("p3") + &picture("p4") + &picture("gone")));
    let import = import(&body);
    assert_eq!(texts(&import), [("faq-1", "怎么看图？", "看")]);
    let issues: Vec<String> = import.report.issues.iter().map(ToString::to_string).collect();
    assert!(issues[0].contains("metafile (EMF)") && issues[1].contains("leaves the folder"), "{issues:?}");
    assert!(import.report.issues.iter().all(|issue| issue.severity == Severity::Error));
}

#[test]
fn hostile_documents_get_a_clear_error() {
    let laughs = "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>\
                  <w:document><w:body>&b;</w:body></w:document>";
    let whole = customers_faq();
    for (bytes, expected) in [
        (docx_of(&[("word/document.xml", laughs.as_bytes())]), "DTD"),
        (docx_of(&[("a.txt", b"x")]), "no part word/document.xml"),
        (docx_of(&[("word/document.xml", b"\xFF")]), "not UTF-8"),
        (docx_of(&[("word/document.xml", b"<a><b></a>")]), "damaged"),
        (whole[..whole.len() / 2].to_vec(), "damaged"),
        (b"not a zip".to_vec(), "damaged"),
    ] {
        let error = import_bytes("faq.docx", &bytes, &Options::default()).unwrap_err();
        assert!(matches!(error, ImportError::Archive { .. }), "{error:?}");
        assert!(error.to_string().contains(expected), "{error}");
    }
    let deep = format!("{}{}", "<w:sdt>".repeat(50_000), "</w:sdt>".repeat(50_000));
    let _ = import_bytes("faq.docx", &docx(&deep), &Options::default());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn words_mean_in_markdown_what_they_are_in_word(text in "[ -~群？，]{1,30}") {
        let text = text.trim();
        let import = import(&(paragraph("", &run("1、怎么办？", true)) + &paragraph("", &run(&format!("答：群{text}群"), false))));
        let visible = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        prop_assert_eq!(visible(&import.entries[0].answer.plain_text()), visible(&format!("群{text}群")));
    }
}
