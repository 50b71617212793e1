//! Words that turn a question into its opposite: 开启/关闭, 内部/外部, 能/不能, and numbers.
//!
//! Embeddings and word overlap hardly see that 怎么开启 and 怎么关闭 are two questions; this does. Works on normalised
//! text. Each place in the text counts for its longest word only, so 不能 is no 能 and 取消置顶 no 置顶. Where a text
//! names both poles, what follows a question word is what is asked for: 置顶了怎么取消置顶 asks for 取消置顶.

use std::{collections::HashMap, ops::Range, sync::LazyLock};

use aho_corasick::{AhoCorasick, MatchKind};

use super::numbers::{Milli, numbers};

/// `(name, one pole, the other pole)`; words separated by spaces.
///
/// A word may stand in several groups (退出 is the opposite of 登录 and of 加入). At most 64 groups.
const GROUPS: &[(&str, &str, &str)] = &[
    ("on/off", "开启 打开 启用 开通 启动 激活 怎么开 如何开", "关闭 停用 禁用 关掉 停止 关停 怎么关 如何关"),
    ("add/remove", "添加 新增 增加 新建 创建 加上 加入", "删除 移除 删掉 去掉 移出 清空 清除 踢出 解散"),
    ("inside/outside", "内部", "外部"),
    ("personal/corporate", "个人 私人", "企业 公司 单位 对公 组织 集团"),
    ("one/many", "单个 逐个 单独", "批量 多个 群体"),
    ("sign in/out", "登录 登陆 登入", "退出 登出 退登"),
    ("join/leave", "加入 进入 进群 入群 加群", "退出 离开 退群"),
    ("upload/download", "上传", "下载"),
    ("more/less", "增加 提高 提升 增大 调高 扩大 扩容", "减少 降低 减小 调低 缩小 缩容"),
    ("allow/forbid", "允许 准许 放开", "禁止 不允许 不准 不许 限制"),
    ("success/failure", "成功 已通过", "失败 不成功 未成功 没成功 没有成功"),
    ("income/expense", "收入 进账 收款", "支出 付款 花费"),
    ("before/after", "之前 以前 前面", "之后 以后 后面"),
    ("maximum/minimum", "最大 最多 最高 最长 上限", "最小 最少 最低 最短 下限"),
    ("bind/unbind", "绑定 关联", "解绑 解除绑定 取消绑定 换绑 取消关联"),
    ("pin/unpin", "置顶", "取消置顶"),
    ("follow/unfollow", "关注", "取消关注 取关"),
    ("subscribe/unsubscribe", "订阅", "取消订阅 退订"),
    ("authorize/revoke", "授权", "取消授权 撤销授权 解除授权"),
    ("mute/unmute", "禁言 静音", "解除禁言 取消禁言 解禁 取消静音"),
    ("lock/unlock", "锁定 上锁 冻结", "解锁 解除锁定 解冻"),
    ("show/hide", "显示 展示", "隐藏 不显示 未显示 没显示 没有显示 显示不了 显示不出"),
    ("set/cancel", "设置 设为 设定 发起 提交 申请 预约", "取消 撤销 撤回 取消设置 取消申请 取消预约"),
    ("register/close account", "注册 开户", "注销 销户"),
    ("hire/leave", "入职", "离职"),
    ("automatic/manual", "自动", "手动 人工"),
    ("domestic/foreign", "国内 境内", "国外 境外 海外 国际"),
    ("online/offline", "线上 网上 在线", "线下 门店 柜台 离线"),
    ("transfer in/out", "转入 存入 充值", "转出 取出 提现"),
    ("buy/sell", "购买 买入 怎么买 如何买 想买", "卖出 出售 怎么卖 如何卖 想卖"),
    ("borrow/repay", "借款 借钱", "还款 还贷 还钱"),
    ("earlier/later", "提前", "延期 推迟 延后 逾期"),
    ("send/receive", "发送 发出 寄出", "接收 收到 收件 收取"),
    ("customer/merchant", "买家 客户 顾客", "卖家 商家"),
    ("all/some", "全部 所有 全员", "部分 个别 指定"),
    ("adult/child", "成人 大人", "儿童 小孩 宝宝 婴儿"),
    ("man/woman", "男性 男士 男生", "女性 女士 女生"),
    ("internal/external caller", "呼入 来电", "呼出 外呼"),
    ("import/export", "导入", "导出"),
    ("new/old", "新版 新用户", "旧版 老版 老用户"),
    ("front/back", "前置 正面", "后置 背面 反面"),
    ("agree/refuse", "同意 接受", "拒绝 不同意"),
    ("expand/collapse", "展开", "收起 折叠"),
    ("lend/return", "借出", "归还"),
    ("support/not", "支持", "不支持"),
    ("need/not", "需要 必须", "不需要 不用 无需 不必 不必须"),
    ("received/not", "收到", "没收到 未收到 没有收到 收不到"),
    ("passed/not", "通过", "不通过 未通过 没通过 没有通过"),
    ("valid/invalid", "生效 有效", "失效 无效 不生效 未生效 没生效 没有生效 过期"),
    (
        "can/cannot",
        "能 能够 可以",
        "不能 不能够 不可以 无法 没法 没办法 不了 打不开 登不上 登不了 上不去 进不去 看不到 看不见 找不到 收不到 发不出 加不上 用不了 不可",
    ),
];

/// Words that contain a pole but do not mean it, and questions that name both.
const NEUTRAL: &str = "能不能 能否 可不可以 可否 是否能 是否可以 要不要 需不需要 支不支持 用不用 显不显示 允不允许 同不同意 有没有 \
    功能 可能 智能 性能 只能 才能 技能 节能 能量 能力 能源 万能 职能 效能 储能 能耗 \
    不可能 不了解 少不了 免不了 大不了 最大胆 \
    开关 公开 开发 开始 离开会议 怎么开发 如何开发 怎么开始 如何开始 怎么关注 如何关注 怎么关联 如何关联 \
    公司名称 企业微信 企业微信群 微信企业版 公司地址 单位换算 \
    通过率 通过手机 通过微信 收到后 支持哪些 设置里 显示器 显示屏 指定 不得不 能不 不能不 不可不 \
    部分 自动化 客户端 客户群 添加客户 客户联系 必须的 单位";

/// What begins the part of a sentence that says what is asked for.
const ASKING: &str = "怎么 怎样 怎莫 如何 咋 哪里 哪儿 在哪 能不能 能否 可不可以 可否 为什么 为啥";

/// What ends it.
const CLAUSE_ENDS: [char; 8] = [',', '.', ';', '?', '!', ':', '~', '…'];

/// The poles found in a text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contrasts {
    /// A bit for each group of which the first pole occurs.
    first: u64,
    /// A bit for each group of which the second pole occurs.
    second: u64,
    numbers: Vec<Milli>,
}

/// On what two texts differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Difference {
    groups: u64,
    numbers: bool,
}

impl Contrasts {
    /// Finds the poles and the numbers of a normalised text.
    #[must_use]
    pub fn of(normalized: &str) -> Self {
        let mut contrasts = Self { numbers: numbers(normalized), ..Self::default() };
        let Some(table) = TABLE.as_ref() else { return contrasts };
        let found: Vec<(usize, (u64, u64))> = table
            .automaton
            .find_iter(normalized)
            .map(|found| (found.start(), table.poles[found.pattern().as_usize()]))
            .collect();
        let poles = |among: &dyn Fn(usize) -> bool| {
            let among = found.iter().filter(|(start, _)| among(*start));
            among.fold((0, 0), |(first, second), (_, poles)| (first | poles.0, second | poles.1))
        };
        (contrasts.first, contrasts.second) = poles(&|_| true);
        let both = contrasts.first & contrasts.second;
        if both != 0 {
            let clauses = asked(&table.asking, normalized);
            let (first, second) = poles(&|start| clauses.iter().any(|clause| clause.contains(&start)));
            contrasts.first &= !(both & second & !first);
            contrasts.second &= !(both & first & !second);
        }
        contrasts
    }

    /// The groups of which one text has one pole only and the other text the other pole only; numbers differ when
    /// each text has one that the other lacks.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Difference {
        let (a1, a2) = (self.first & !self.second, self.second & !self.first);
        let (b1, b2) = (other.first & !other.second, other.second & !other.first);
        let lacks = |a: &[Milli], b: &[Milli]| a.iter().any(|n| b.binary_search(n).is_err());
        Difference {
            groups: (a1 & b2) | (a2 & b1),
            numbers: lacks(&self.numbers, &other.numbers) && lacks(&other.numbers, &self.numbers),
        }
    }
}

impl Difference {
    /// How many groups of words are opposed, without numbers.
    #[must_use]
    pub fn words(self) -> u32 {
        self.groups.count_ones()
    }

    /// Whether each text has a number that the other lacks.
    #[must_use]
    pub fn numbers(self) -> bool {
        self.numbers
    }

    /// All differences, numbers counted as one.
    #[must_use]
    pub fn count(self) -> u32 {
        self.words() + u32::from(self.numbers)
    }

    /// What differs, for an explanation: `on/off`, `numbers` …
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let groups = GROUPS.iter().enumerate().filter(move |(bit, _)| self.groups >> bit & 1 == 1);
        groups.map(|(_, &(name, _, _))| name).chain(self.numbers.then_some("numbers"))
    }
}

/// Convenience for a single pair; whoever compares one text with many keeps its [`Contrasts`].
#[must_use]
pub fn difference(a: &str, b: &str) -> Difference {
    Contrasts::of(a).difference(&Contrasts::of(b))
}

/// From each question word to the end of its clause, in bytes.
fn asked(asking: &AhoCorasick, normalized: &str) -> Vec<Range<usize>> {
    let clause = |start: usize| {
        let end = normalized[start..].find(CLAUSE_ENDS).map_or(normalized.len(), |length| start + length);
        start..end
    };
    asking.find_iter(normalized).map(|found| clause(found.start())).collect()
}

struct Table {
    automaton: AhoCorasick,
    asking: AhoCorasick,
    /// By pattern, the groups of which it is the first and the second pole.
    poles: Vec<(u64, u64)>,
}

/// `None` cannot happen: the patterns are constants and a test builds them.
static TABLE: LazyLock<Option<Table>> = LazyLock::new(|| {
    let mut poles: HashMap<&'static str, (u64, u64)> = HashMap::new();
    for (bit, (_, first, second)) in GROUPS.iter().enumerate() {
        for word in first.split_whitespace() {
            poles.entry(word).or_default().0 |= 1 << bit;
        }
        for word in second.split_whitespace() {
            poles.entry(word).or_default().1 |= 1 << bit;
        }
    }
    for word in NEUTRAL.split_whitespace() {
        poles.entry(word).or_default();
    }
    let (words, poles): (Vec<_>, Vec<_>) = poles.into_iter().unzip();
    let automaton = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(words).ok()?;
    let asking = AhoCorasick::new(ASKING.split_whitespace()).ok()?;
    Some(Table { automaton, asking, poles })
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_bit_for_every_group_and_the_table_builds() {
        assert!(GROUPS.len() <= 64, "{} groups", GROUPS.len());
        assert!(TABLE.is_some());
        let names: std::collections::HashSet<_> = GROUPS.iter().map(|(name, _, _)| name).collect();
        assert_eq!(names.len(), GROUPS.len(), "every group needs its own name");
    }

    #[test]
    fn opposite_questions_differ_in_the_named_group() {
        for (a, b, wanted) in [
            ("怎么开启消息提醒", "怎么关闭消息提醒", "on/off"),
            ("如何启用打卡", "如何停用打卡", "on/off"),
            ("添加成员", "移除成员", "add/remove"),
            ("内部群", "外部群", "inside/outside"),
            ("个人认证", "企业认证", "personal/corporate"),
            ("单个导入", "批量导入", "one/many"),
            ("怎么登录", "怎么退出", "sign in/out"),
            ("怎么加入群", "怎么退出群", "join/leave"),
            ("上传文件", "下载文件", "upload/download"),
            ("怎么置顶聊天", "怎么取消置顶聊天", "pin/unpin"),
            ("能登录", "不能登录", "can/cannot"),
            ("可以登录吗", "为什么无法登录", "can/cannot"),
            ("功能能用", "功能用不了", "can/cannot"),
            ("支持多人吗", "不支持多人", "support/not"),
            ("30天内退款", "7天内退款", "numbers"),
            ("三十天内退款", "七天内退款", "numbers"),
            ("一次发两条", "一次发3条", "numbers"),
            ("允许外部联系人", "禁止外部联系人", "allow/forbid"),
            ("提交订单", "取消订单", "set/cancel"),
        ] {
            let names: Vec<_> = difference(a, b).names().collect();
            assert!(names.contains(&wanted), "{a} / {b}: {names:?}");
            assert_eq!(difference(a, b), difference(b, a), "{a} / {b}: the order must not matter");
        }
    }

    #[test]
    fn questions_that_only_look_opposed_do_not_differ() {
        for (a, b) in [
            ("怎么开启提醒", "怎么打开提醒"),
            ("怎么开启提醒", "提醒"),
            ("能不能登录", "不能登录"),
            ("能不能登录", "可以登录吗"),
            ("这个功能怎么用", "不能用怎么办"),
            ("可能登录", "无法登录"),
            ("怎么开启或关闭提醒", "怎么关闭提醒"),
            ("怎么关注公众号", "怎么开启公众号"),
            ("企业微信怎么登录", "个人怎么登录"),
            ("三十天内退款", "30天内退款"),
            ("两台手机", "2台手机"),
            ("问一下怎么退款", "怎么退2次款"),
            ("第三方应用", "2个应用"),
            ("怎么开发票", "怎么关闭发票功能"),
            ("取消置顶", "怎么取消置顶"),
            ("需要填写吗", "用不用填写"),
            ("头像显示不了", "头像不显示"),
            ("提前还贷", "公积金贷款提前还"),
            ("", "关闭"),
        ] {
            let names: Vec<_> = difference(a, b).names().collect();
            assert_eq!(names, Vec::<&str>::new(), "{a} / {b}");
        }
    }

    #[test]
    fn of_two_poles_the_one_behind_the_question_word_is_asked_for() {
        for (text, same, opposite) in [
            ("聊天置顶了怎么取消置顶", "怎么取消置顶聊天", "怎么置顶聊天"),
            ("消息提醒关闭了如何打开", "如何开启消息提醒", "如何关闭消息提醒"),
            ("怎么打开消息提醒,之前关闭了", "如何开启消息提醒", "如何关闭消息提醒"),
            ("刚绑定的手机号,想换了,怎么解绑", "怎么解绑手机号", "怎么绑定手机号"),
        ] {
            let differs = |other: &str| difference(text, other).words() > 0;
            assert!(!differs(same) && differs(opposite), "{text}");
        }
        for undecided in ["先关闭再开启提醒怎么弄", "怎么开启或关闭提醒", "提醒开启和关闭"]
        {
            assert_eq!(difference(undecided, "怎么关闭提醒").count(), 0, "{undecided}");
        }
    }

    #[test]
    fn several_differences_add_up() {
        let found = difference("批量添加30人", "单个删除7人");
        assert_eq!((found.words(), found.numbers(), found.count()), (2, true, 3));
        assert_eq!(difference("群", "群").count(), 0);
    }
}
