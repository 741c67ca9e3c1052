import pytest

from aia.agents import BadRoster, NobodyCan, default_roster, parse_roster, read_roster

ONE = """[[agent]]
id = "{id}"
role = "{role}"
title = "T"
skills = ["{skill}"]
price = "1"
price_per_unit = "0"
{more}
"""


def table(agent: str, manager: str | None = None, role: str = "lead", skill: str = "x") -> str:
    more = "" if manager is None else f'manager = "{manager}"'
    return ONE.format(id=agent, role=role, skill=skill, more=more)


def test_the_default_organisation_has_three_levels_and_every_skill_below_its_manager():
    roster = default_roster()
    assert sorted({roster.level(agent) for agent in roster.agents}) == [1, 2, 3]
    for skill in ("extract", "group", "assess", "rank", "check", "review"):
        assert roster.delegates(roster.director, skill)


def test_delegation_does_not_leave_the_managers_subtree():
    roster = default_roster()
    assert [a.id for a in roster.delegates(roster.get("quality-lead"), "check")] == ["critic-1", "critic-2"]
    with pytest.raises(NobodyCan, match=r"quality-lead.*extract"):
        roster.delegates(roster.get("quality-lead"), "extract")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "agent"),
        ("x = 1", r"\[\[agent\]\]"),
        ("[[agent]", "not TOML"),
        (table("a") + table("a", "a"), "twice"),
        (table("a") + table("b"), "exactly one"),
        (table("a") + table("b", "c") + table("c", "b"), "never ends"),
        (table("a") + table("b", "nobody"), "nobody"),
        (table("a", role="king"), "king"),
        (table("A!"), "A!"),
        (table("a").replace('price = "1"', 'price = "-1"'), "price"),
        (table("a").replace('price = "1"', "price = 1"), "price"),
        (table("a").replace('["x"]', "[]"), "skills"),
        (table("a") + 'colour = "red"', "colour"),
        (table("a") + "".join(table(f"a{i}", f"a{i - 1}" if i else "a") for i in range(12)), "longer"),
    ],
)
def test_a_roster_that_cannot_be_used_is_refused_with_the_reason(text, complaint):
    with pytest.raises(BadRoster, match=complaint):
        parse_roster(text)


def test_a_roster_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadRoster, match=r"missing\.toml"):
        read_roster(tmp_path / "missing.toml")
