"""What the projects of a year are for: names and purposes that point at nobody."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Cause:
    """A project in words: its name, why, for whom, and the one line of its budget."""

    name: str
    purpose: str
    beneficiaries: str
    budget: str


CAUSES = (
    Cause("寒冬送暖", "为困难家庭送去取暖费，让老人和孩子暖和地过冬。", "本县低保、特困家庭", "取暖费"),
    Cause(
        "大病救助", "家里有人得了大病的困难家庭，自付的费用高，帮他们渡过难关。", "本县低保和低保边缘家庭", "大病救助金"
    ),
    Cause("金秋助学", "困难家庭的孩子上学要交学费和生活费，帮他们安心读书。", "本县低保家庭中上学的孩子", "助学金"),
    Cause("安居修缮", "一些困难家庭的房子漏雨，帮他们在雨季前修好。", "本县住房有危险的困难家庭", "修缮补助"),
    Cause(
        "银龄守护", "高龄老人家里缺扶手和防滑垫，帮他们改得安全一些。", "本县特困和低保家庭中的高龄老人", "居家改造补助"
    ),
    Cause("助残有爱", "残疾人家里需要辅助器具和护理，帮他们减轻负担。", "本县低保家庭中的残疾人", "辅具和护理补助"),
    Cause("雨后重建", "大雨以后有的家庭受了灾，帮他们重新安顿生活。", "本县受灾的困难家庭", "生活安置补助"),
    Cause("儿童营养", "困难家庭的孩子吃得不够好，每月补贴一笔营养费。", "本县低保家庭中的儿童", "营养补贴"),
    Cause("春耕帮扶", "有的困难家庭春天买不起种子和化肥，帮他们把地种上。", "本县防返贫监测家庭", "春耕补助"),
)
