//! Words that tell what a clause does: it asks, it states a problem, it complains, it wants a person.
//!
//! Rough on purpose. Whether a clause is a question that the FAQ answers is the matcher's to say; the cues decide only
//! what is done with a clause that matches nothing, and what must go to a person whatever matches.

use super::pattern::Pattern;

/// What a clause seems to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cue {
    /// Tells something: who, when, thanks.
    Statement,
    /// Something does not work, or something is wanted. May be a question, may be what leads to one.
    Problem,
    /// Asks.
    Question,
}

static QUESTION: Pattern = Pattern::new(
    r"(?x)[?？]\s*$
    | (?:吗|么|嘛|呢|不|没有?|吧)[\s。！!，,~～…]*$
    | 怎(?:么|样|莫|麽)|咋|如何|哪(?:里|儿|个|些|天|种|边|位|一)|在哪|去哪|找谁|谁(?:来|能|可以|负责|出|知道|承担)|什么|甚么|啥|多少|多久|多长|多大|几(?:天|个|点|次|号|月|年|种|张|份|位|级|岁)
    | 为何|为啥|是否|能否|可否|会不会|能不能|可不可以|可以不可以|要不要|用不用|需不需要|是不是|有没有|行不行|对不对|算不算|给不给|该不该|让不让|收不收|还能|能.{0,8}[吗么]
    | 请教|求教|求助|告知|想(?:问|了解|知道|咨询)|请问|咨询一?下|麻烦(?:说|讲|告诉|解释|介绍)|(?:原因|区别|流程|步骤|方法|办法|条件|标准|材料|资料|时间|入口|地址|电话)(?:是|呢|有)",
);

static PROBLEM: Pattern = Pattern::new(
    r"(?x)(?:不了|不上|不到|不出|不开|不动|不进|不去|不来|不成功|不通|不显示|不见了?|不对|不够|不符|不亮|不响|不准|不全|不一致|不能|不给|不让|不支持|不可用|不生效|不制冷)
    | 失败|报错|错误|出错|无法|没法|没办法|没(?:有)?(?:反应|收到|到账|权限|显示|声音|信号|更新|生效|了|成功|通过)|未(?:收到|到账|显示|生效|通过)
    | 异常|故障|卡(?:住|死|顿|机)|很卡|闪退|蓝屏|黑屏|死机|灰(?:色|的)|空白|找不到|看不|收不|打不|登不|进不|连不|用不|忘(?:记|了)|丢(?:了|失)|弄丢|坏了|断(?:开|线|了|连)|掉线|过期|失效|超时|冻结|锁(?:定|住|了)|被(?:拒|退|驳回|扣|限制|封)|少了|漏(?:了|发)|重复|弄错|填错|写错|发错|乱码|提示
    | (?:想|要|需要|打算|准备|希望)(?:申请|办理|办|改|修改|换|更换|开通|开|关|取消|退|注销|查|补|报销|预约|预订|转|调|删|加|设置|升级|延|续|解绑|绑定|把|给)",
);

/// Wonders, gives a reason or reports what somebody said, and only sounds like a question: 不知道是怎么回事, 因为我什么都不懂,
/// 是不是漏了.
static MUSING: Pattern = Pattern::new(
    r"(?x)^[\s\p{P}]*(?:但是?|可是?|不过|然后|所以|而且|就是|反正|(?:我|他|她|你|咱)们?|大家|家里人|同事|自己|也|都|还|又|真|实在|根本|完全|完全都|现在|一直)*
        (?:不知道?|不晓得|不清楚|不确定|不明白|不懂|搞不(?:懂|清楚?|明白)|弄不(?:懂|清楚?|明白)|说不(?:清楚?|准|上来)|记不(?:清楚?|得|住)|想不(?:通|起来|明白)|拿不准|没搞懂|没弄明白)
    | ^[\s\p{P}]*(?:因为|由于|听说|据说|难道|莫非|不会是|该不会|会不会是)
    | ^[\s\p{P}]*(?:这|那|我)?是不是(?:我|你们|这|那|它|系统|软件|机器|哪里|哪儿|漏|坏|丢|少|弄|搞|出|电池|姿势|网络|设置|操作)
    | ^[^怎如何哪]{1,6}(?:说|讲)(?:是|有|要|好像|可能|应该)
    | (?:什么|啥|谁|哪儿|哪里|多少|怎么)(?:也|都)(?:不|没)
    | (?:不会|应该|可能|大概|估计|怕是).{0,12}吧[\s？?。！!…]*$",
);

/// Something the writer wants put right, and says so with feeling or a threat.
static COMPLAINT: Pattern = Pattern::new(
    r"(?x)(?:我?要|我会|准备|打算|再不.{0,12}(?:就|我)|否则.{0,8}|必须|坚决|直接|去|已经?)投诉|投诉(?:你们|你|到|他|她|客服|一下|建议|了|！|!|$)|正式投诉|表示(?:强烈)?不满|强烈不满|很不满|非常不满|不满意
    | (?-u:\b)12315(?-u:\b)|消协|消费者协会|曝光|律师|起诉|维权|差评|银保监|工信部|市长热线|(?-u:\b)12345(?-u:\b)
    | 太(?:差|过分|离谱|慢|坑|失望|敷衍|不负责|气人|让人失望|糟糕|难用|烂)|(?:态度|服务|体验)(?:极|非常|很|太|特别|十分|也)?(?:其)?(?:差|恶劣|敷衍|冷漠|糟)
    | 气死|气愤|愤怒|恼火|火大|生气|忍无可忍|忍不了|受不了|受够|崩溃|无语|离谱|过分|坑人|坑爹|骗(?:子|人|钱|我)|欺骗|垃圾|什么破|破系统|破软件|失望|寒心|糟心|闹心
    | (?:到底|究竟).{0,4}(?:管不管|处理不处理|解决不解决)|没人(?:管|理|处理|回|解决|负责|接|搭理)|不管不问|不闻不问|不理不睬|推(?:来推去|诿|卸|脱)|踢皮球|互相推|石沉大海|拖(?:了|着|到)|一拖再拖|敷衍
    | 给(?:个|一个)?说法|给个交代|(?:要求|必须|得).{0,6}(?:赔偿|道歉)|赔偿(?:我|损失)|耽误(?:了)?(?:我|我们|工作|生产|上课|客户|业务)|影响(?:很|非常|特别)(?:大|恶劣|不好)|三天两头|损失.{0,6}谁.{0,3}(?:承担|负责|赔)|(?:从来?没|没)见过(?:这么|这样|如此)|第[三四五六七八九十\d]+(?:次|遍|回)(?:写|打|来|找|反映|反馈|报修|投|发|问|催)|(?:没有?|无)(?:任何|一个|一次|半点|一点)?(?:回音|回应|下文|音信)|一次(?:回音|回应|回复)都没|换(?:一家|别家|别的|供应商)|(?:要|得|需要|都)(?:这么|那么)久[？?！!]|都(?:第|已经)?[一二三四五六七八九十两几\d]+(?:次|遍|天|周|个?月)了(?:还|也|都|，|,)|(?:反映|反馈|报修|催|打|问)(?:过|了).{0,4}[二三四五六七八九十两几好多\d]+(?:次|遍|回)",
);

/// The writer wants somebody, not an answer.
static PERSON: Pattern = Pattern::new(
    r"(?x)转(?:接)?(?:人工|真人)|人工(?:客服|服务|处理|介入|回复|坐席|来)|要人工|找人工|真人|不要机器人|别(?:用|让|再)?(?:机器人|自动回复)|不想.{0,6}机器人
    | (?:让|请|叫|找|派|安排|麻烦|需要|希望|能不能|有没有|来)(?:你们)?(?:的)?(?:个|一个|一位|一下|位|专门的?|专)?(?:维修|安装|财务|技术|售后|业务|客户|值班|现场|人工|网络|后台)?(?:人|专人|同事|客服|工程师|师傅|技术|经理|主管|领导|负责人|老师|工作人员|专员|管理员)(?:员|人员|同事)?.{0,8}(?:联系|回电|打电话|回个?电话|给我|来|上门|处理|看看|看一?下|跟进|对接|协助|沟通|解决|介入|出面|当面|远程|电话|教|过来|指导|讲解)
    | (?:联系|回电|打电话|电话|致电)(?:给)?(?:我|本人)|(?:给|打)我(?:回|打)?(?:个|一个)?(?:电话|回电)|回(?:个)?电话|回电|打(?:这个|我|我的)(?:手机|电话)|(?:请|麻烦|希望|最好)(?:你们|您)?.{0,4}打(?:个|一个)?电话|电话(?:联系|沟通)|加(?:我|个)?微信(?:详|聊|沟|说)|当面(?:谈|沟通|说)|(?:跟|和|与)(?:人|真人|客服|你们领导|负责人|主管|经理).{0,4}(?:聊|谈|说|沟通|对话)",
);

/// Asks after something said before it, and is no question without.
static HANGING: Pattern = Pattern::new(
    r"(?x)^(?:那么?|这个?|这种情况|这样|请问|应该|该|到底|现在|我|又|得|要|是|下一步|接下来|这时候?|碰到这种情况|遇到这种情况|\s|，|,)*
    (?:怎么(?:办|弄|搞|处理|解决|回事|操作|整|破|设置|改|才行|做)|咋(?:办|弄|整|回事|搞|解决)|如何(?:是好|处理|解决|操作|办理)|(?:是)?什么(?:情况|原因|意思|问题)|为什么|为啥|为何|何故|原因|原因是什么|可以吗|行吗|行不行|可以不|对吗|是吗|是不是|能吗|能行吗|正常吗|有办法吗|有解吗|求解决?|求助|能解决吗|需要怎么做|怎么个?(?:流程|步骤)|(?:有)?什么办法|找谁(?:处理|解决|弄)?|去哪(?:里|儿)?(?:弄|办|处理)?|要多久|要收费吗|麻烦看一?下|帮忙看一?下|帮我看一?下|急)(?:呢|啊|呀|了|的|才好|才行|才能解决|一下|吗)*[\s\p{P}]*$",
);

/// A question without its subject: 怎么扩容, 在哪查, 多久内要休.
static FRAGMENT: Pattern = Pattern::new(
    r"^(?:那么?|事后|之后|后面|现在|又|要|该|应该|我|请问|最|一般|大概)*(?:怎么|怎样|如何|咋|在哪里?|去哪里?|哪里|找谁|多久|几天|多少钱?|什么时候|为什么|能不能|可不可以)",
);

/// The same with hardly a verb.
static BARE_FRAGMENT: Pattern = Pattern::new(
    r"^(?:那|要|该|又|我)?(?:(?:怎么|咋|如何).?|(?:在哪|去哪|找谁).{0,2}|(?:多久|几天|什么时候).{0,4})(?:呢|啊|呀|吗)?$",
);

/// Nothing but politeness, or only what leads up to the questions.
static COURTESY: Pattern = Pattern::new(
    r"(?x)^[\s\p{P}]*(?:(?:您|你|大家|各位|大神|大佬|老师|客服|管理员|同事|领导|亲|小哥|小姐姐|团队|们|好|在吗|在么|有人吗|早上|上午|下午|中午|晚上|哈喽|嗨|hi|hello|打扰|一下|了|麻烦|辛苦|谢谢|感谢|多谢|拜托|请|尽快|尽早|早日|回复|答复|解答|处理|回|等|期待|盼|急|在线|非常|十分|万分|先|提前|祝|工作|顺利|愉快|生活|不胜感激|啦|哈|哦|的|我|告知|指导|指教|指点|帮忙|帮助|看看|看一下|给|能|说明|明示|这几天|这段时间|一直以来|帮我|帮|查查|查一下|查收|查看|核实|看下|吗|可以|有空|的时候|时候|就行|就好|不急|赶紧|赶快|现在|求|知道|有什么需要补充|再|告诉|不好意思|如果|请见|详见|见|附件|如图|截图)|\s|\p{P})+$
    | ^[\s\p{P}]*(?:.{0,12})?(?:(?:想|要)?(?:问|请教|咨询|请问|反馈|汇总|整理|说|了解).{0,8})?(?:有|以下|如下|下面|这|那|一共|共)?(?:以下|如下|下面)?(?:几|两|三|四|2|3|4|个|些|点|件)+(?:个|件|点|条)?(?:小)?(?:问题|事情?|疑问|事儿|地方|事项)(?:想|要)?(?:请教|问|咨询|确认|反馈|麻烦|了解)?(?:一下|下|您|你们|大家)*(?:如下|帮忙|解答|看看)*[\s\p{P}]*$
    | ^[\s\p{P}]*[^怎如何哪]{0,10}(?:想|要|来)?(?:问|请教|咨询|求助)(?:一?下)?(?:您|你|你们|大家)?(?:几点|三点|两点|事)?[\s\p{P}]*$",
);

/// Asks for a way, a place or a number.
static HOW: Pattern = Pattern::new(
    r"怎么(?:样)?(?:才能|投诉|联系|找|转|申请|打|处理客户|反馈)|如何|怎样|哪里|哪儿|在哪|流程|电话是?多少|什么电话|客户投诉",
);

#[cfg(test)]
pub(super) static PATTERNS: [&Pattern; 10] =
    [&QUESTION, &PROBLEM, &MUSING, &COMPLAINT, &PERSON, &HANGING, &FRAGMENT, &BARE_FRAGMENT, &COURTESY, &HOW];

/// What a clause, with the mark that ends it, seems to do.
pub(super) fn cue(clause: &str) -> Cue {
    if is_courtesy(clause) {
        Cue::Statement
    } else if QUESTION.is_match(clause) {
        if MUSING.is_match(clause) { Cue::Problem } else { Cue::Question }
    } else if PROBLEM.is_match(clause) {
        Cue::Problem
    } else {
        Cue::Statement
    }
}

/// Whether a clause asks or states a problem.
pub(super) fn asks(clause: &str) -> bool {
    cue(clause) != Cue::Statement
}

/// Whether a clause is no question without what stands before it: 怎么办, 是什么原因.
pub(super) fn hangs(clause: &str) -> bool {
    HANGING.is_match(clause)
}

/// Longest question without a subject of its own, in characters.
const FRAGMENT_CHARS: usize = 7;

/// Whether a clause asks what the clause before it, in the same sentence, is about: 邮箱满了，怎么扩容. After a clause that
/// asks by itself only the barest do: 怎么退货，怎么开票 are two questions.
pub(super) fn continues(before: Cue, clause: &str) -> bool {
    if before == Cue::Question {
        return BARE_FRAGMENT.is_match(clause);
    }
    clause.chars().count() <= FRAGMENT_CHARS && FRAGMENT.is_match(clause)
}

/// Whether a clause is politeness alone.
pub(super) fn is_courtesy(clause: &str) -> bool {
    COURTESY.is_match(clause)
}

/// Whether a clause asks how or where.
pub(super) fn asks_how(clause: &str) -> bool {
    HOW.is_match(clause)
}

/// The words of a clause that complain.
pub(super) fn complaint(clause: &str) -> Option<&str> {
    COMPLAINT.find(clause).map(|found| found.as_str())
}

/// The words of a clause that ask for a person.
pub(super) fn person(clause: &str) -> Option<&str> {
    PERSON.find(clause).map(|found| found.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clause_asks_states_a_problem_or_tells() {
        for (clause, wanted) in [
            ("群怎么解散？", Cue::Question),
            ("群能解散吗", Cue::Question),
            ("发票什么时候寄", Cue::Question),
            ("要不要另外收费", Cue::Question),
            ("打印机连不上", Cue::Problem),
            ("按钮是灰色的", Cue::Problem),
            ("我想申请年假", Cue::Problem),
            ("不知道是怎么回事", Cue::Problem),
            ("因为我第一次出差，什么都不懂", Cue::Problem),
            ("是不是我的电脑有问题？", Cue::Problem),
            ("不会是丢件了吧？", Cue::Problem),
            ("主播说有讲解怎么挑床垫", Cue::Problem),
            ("我是销售部的小王", Cue::Statement),
            ("能帮我查查吗？", Cue::Statement),
            ("有空的时候回复一下就行，不急", Cue::Statement),
            ("您好，在吗？", Cue::Statement),
            ("有两个问题想请教一下：", Cue::Statement),
            ("麻烦尽快回复，谢谢！", Cue::Statement),
        ] {
            assert_eq!(cue(clause), wanted, "{clause}");
        }
    }

    #[test]
    fn some_clauses_hang_on_the_one_before() {
        for clause in ["怎么办？", "请问这个怎么处理", "是什么原因呢", "那应该怎么办呀", "这种情况可以吗？"]
        {
            assert!(hangs(clause), "{clause}");
        }
        for clause in ["怎么办理退款", "群怎么解散", "为什么收不到验证码"] {
            assert!(!hangs(clause), "{clause}");
        }
    }

    #[test]
    fn complaints_and_calls_for_a_person_are_heard() {
        for clause in [
            "再不处理我要投诉了",
            "服务态度太差",
            "打了三次电话都没人管",
            "都三天了还没到",
            "必须给我赔偿",
            "我打12345了",
            "第三次写信了",
            "一次回音都没有",
            "系统三天两头出毛病",
        ] {
            assert!(complaint(clause).is_some(), "{clause}");
        }
        for clause in
            ["请转人工", "让你们主管给我回电话", "麻烦安排工程师上门", "能不能找个人来看看", "不要机器人回复"]
        {
            assert!(person(clause).is_some(), "{clause}");
        }
        for clause in [
            "群怎么解散",
            "客户投诉板材开裂怎么处理",
            "员工离职了怎么办",
            "人工智能课程怎么选",
            "车牌是沪A12345",
            "回复我一下就行",
        ] {
            assert_eq!((complaint(clause), person(clause)), (None, None), "{clause}");
        }
    }
}
