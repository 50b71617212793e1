//! The same question typed in another way keeps its answer; its opposite does not get it. With the real model.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    path::Path,
    sync::{Arc, LazyLock},
};

use dayi::{
    config::{Config, Settings},
    embed::{self, Embedder, Role},
    faq::Entry,
    import::{Options, import_file},
    matcher::{Builder, Query, Snapshot, Verdict, find_ranker},
    rank::Decision,
    store::Store,
    text::synonyms::Synonyms,
};

/// Loaded once for all tests.
static MODEL: LazyLock<Arc<dyn Embedder>> =
    LazyLock::new(|| embed::load(&Config::resolve(Settings::default()).unwrap().model).unwrap());

/// The customer's FAQ.
static WECOM: LazyLock<Asked> = LazyLock::new(|| {
    let imported = import_file(Path::new("data/wecom-faq/wecom-faq.md"), &Options::default()).unwrap();
    Asked::of(&imported.entries, "")
});

struct Asked {
    snapshot: Snapshot,
}

impl Asked {
    fn of(entries: &[Entry], synonyms: &str) -> Self {
        let (embedder, mut store) = (&*MODEL, Store::in_memory().unwrap());
        store.replace_file("faq", entries).unwrap();
        let config = Config::resolve(Settings::default()).unwrap();
        let builder = Builder {
            embedder: embedder.as_ref(),
            ranker: Arc::new(find_ranker(embedder.model(), None).unwrap()),
            synonyms: Arc::new(Synonyms::parse(synonyms.as_bytes()).unwrap()),
            params: &config.index,
            folder: None,
            progress: &(),
        };
        let (snapshot, _) = builder.build(&mut store).unwrap();
        Self { snapshot }
    }

    fn ask(&self, question: &str) -> Verdict {
        let text = self.snapshot.model_text(question);
        let embedded = MODEL.embed_tokens(&[&text], Role::Query).unwrap();
        let query = Query { text: question.to_owned(), ..Query::default() };
        self.snapshot.verdict(&query, &embedded[0]).unwrap()
    }
}

/// What came, for a failing row.
fn told(verdict: &Verdict) -> String {
    let matches = verdict.matches.iter().take(3);
    let matches: Vec<String> =
        matches.map(|m| format!("{} {:.3} {}", m.entry.id, m.confidence, m.entry.question)).collect();
    format!("{} [{}]", verdict.decision.as_str(), matches.join(" | "))
}

#[test]
fn the_same_question_typed_in_another_way_keeps_its_answer() {
    let asked = &WECOM;
    let mut failures = Vec::new();
    let mut rows = 0;
    for line in include_str!("golden/robustness.tsv").lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let &[id, decision, question] = fields.as_slice() else { panic!("three fields expected: {line:?}") };
        rows += 1;
        let verdict = asked.ask(question);
        let first = verdict.matches.first().map(|found| found.entry.id.as_str());
        let decided = decision == "*" || verdict.decision.as_str() == decision;
        if first != Some(id) || !decided {
            failures.push(format!("{question}: expected {decision} {id}, got {}", told(&verdict)));
        }
    }
    assert!(rows >= 60, "{rows} rows");
    assert!(failures.is_empty(), "{} of {rows} rows:\n{}", failures.len(), failures.join("\n"));
}

/// `(what is asked for, entry id, question)`: two entries each that are one another's opposite.
const OPPOSITES: [[(&str, &str); 2]; 8] = [
    [("on", "怎么开启消息免打扰"), ("off", "怎么关闭消息免打扰")],
    [("add", "如何添加外部联系人"), ("delete", "如何删除外部联系人")],
    [("bind", "怎么绑定手机号"), ("unbind", "怎么解绑手机号")],
    [("up", "如何上传群文件"), ("down", "如何下载群文件")],
    [("personal", "个人认证需要什么材料"), ("company", "企业认证需要什么材料")],
    [("import", "通讯录怎么导入"), ("export", "通讯录怎么导出")],
    [("pin", "怎么置顶聊天"), ("unpin", "怎么取消置顶聊天")],
    [("mute", "怎么禁言群成员"), ("unmute", "怎么解除禁言群成员")],
];

/// Other ways of asking the above: `(entry id, question)`.
const OTHER_WAYS: [(&str, &str); 20] = [
    ("on", "我想打开消息免打扰，在哪里"),
    ("off", "消息免打扰想关掉怎么弄"),
    ("add", "外部联系人怎么新增"),
    ("delete", "想把外部联系人删掉怎么操作"),
    ("bind", "手机号在哪绑定"),
    ("unbind", "手机号怎么解除绑定"),
    ("up", "群文件怎样上传"),
    ("down", "群文件在哪里下载呀"),
    ("personal", "请问做个人认证要准备哪些材料"),
    ("company", "做企业认证要准备哪些材料"),
    ("import", "怎么把通讯录导入进去"),
    ("export", "怎么把通讯录导出来"),
    ("pin", "想把聊天置顶怎么弄"),
    ("unpin", "聊天在哪里取消置顶"),
    ("mute", "群成员怎么禁言"),
    ("unmute", "群成员怎么解除禁言"),
    ("unpin", "聊天置顶了怎么取消置顶"),
    ("on", "消息免打扰关闭了怎么打开"),
    ("off", "开启了消息免打扰，现在怎么关闭"),
    ("unbind", "绑定的手机号换了，怎么解绑"),
];

fn entries(of: impl IntoIterator<Item = (&'static str, &'static str)>) -> Vec<Entry> {
    of.into_iter().map(|(id, question)| Entry::new(id.parse().unwrap(), question, "请看说明。")).collect()
}

#[test]
fn opposites_never_swap() {
    let asked = Asked::of(&entries(OPPOSITES.concat()), "");
    let mut failures = Vec::new();
    for (id, question) in OPPOSITES.concat().into_iter().chain(OTHER_WAYS) {
        let verdict = asked.ask(question);
        if verdict.matches.first().is_none_or(|found| found.entry.id.as_str() != id) {
            failures.push(format!("{question}: expected {id}, got {}", told(&verdict)));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_opposite_of_the_only_entry_is_not_answered_with_it() {
    let mut failures = Vec::new();
    for kept in [0, 1] {
        let asked = Asked::of(&entries(OPPOSITES.map(|pair| pair[kept])), "");
        let kept_ids = OPPOSITES.map(|pair| pair[kept].0);
        for (id, question) in OPPOSITES.concat().into_iter().chain(OTHER_WAYS) {
            let verdict = asked.ask(question);
            let is_kept = kept_ids.contains(&id);
            if !is_kept && verdict.decision == Decision::Answer {
                failures.push(format!("{question}: must not be answered, got {}", told(&verdict)));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_question_that_says_nothing_gets_no_answer() {
    let asked = &WECOM;
    for question in
        ["😀", "👨‍👩‍👧👍🏽", "？？？", "...", "！", "。。。。", "\u{200B}", "～～", "——", "🙏？", "\u{FE0F}", ""]
    {
        let verdict = asked.ask(question);
        assert!(
            verdict.decision == Decision::NoAnswer && verdict.matches.is_empty(),
            "{question:?} got {}",
            told(&verdict)
        );
    }
}

#[test]
fn synonyms_make_two_names_one_question() {
    let faq = entries([("oa", "办公系统怎么登录"), ("mail", "邮箱怎么登录"), ("vpn", "虚拟专用网怎么登录")]);
    let asked = Asked::of(&faq, "办公系统=泛微=OA\n虚拟专用网\tVPN");
    for (question, id) in [
        ("ＯＡ怎么登录？", "oa"),
        ("泛微怎么登陆", "oa"),
        ("vpn怎么登录", "vpn"),
        ("fanwei zenme denglu", ""),
    ] {
        let verdict = asked.ask(question);
        let first = verdict.matches.first();
        let right = first.is_some_and(|found| found.entry.id.as_str() == id);
        assert!(
            id.is_empty() || (right && verdict.decision == Decision::Answer),
            "{question}: {}",
            told(&verdict)
        );
    }
    let without = Asked::of(&faq, "");
    assert!(without.ask("泛微怎么登录").matches[0].scores.exact < 1.0);
    assert!((asked.ask("泛微怎么登录").matches[0].scores.exact - 1.0).abs() < 1e-6);
}
