"""Who sees what on the first page: layouts of panels, chosen by what a member may do, never by a role's name."""

from dataclasses import dataclass

from accounts.models import Member
from accounts.roles import Can


@dataclass(frozen=True)
class Panel:
    """A part of the page: template reporting/home/<name>.html, shown to those who may do all of `can`."""

    name: str
    can: tuple[Can, ...] = ()


WORK = Panel("work", (Can.VIEW_ACTIONS,))
FIGURES = Panel("figures", (Can.VIEW_AGEING,))
AGEING = Panel("ageing", (Can.VIEW_AGEING,))
TREND = Panel("trend", (Can.VIEW_AGEING,))
LATE = Panel("late", (Can.VIEW_AGEING,))
MINE_LATE = Panel("mine_late", (Can.VIEW_AGEING,))
CASH = Panel("cash", (Can.VIEW_AGEING,))
PROMISES = Panel("promises", (Can.VIEW_ITEMS,))
DISPUTES = Panel("disputes", (Can.VIEW_ITEMS,))
TO_ANSWER = Panel("to_answer", (Can.ANSWER_DISPUTE,))
QUALITY = Panel("quality", (Can.FIX_DATA,))
IMPORTS = Panel("imports", (Can.IMPORT_LEDGER,))
ALERTS = Panel("alerts", (Can.VIEW_ALERTS,))


@dataclass(frozen=True)
class Layout:
    """Panels in rows: across the page, then two charts, then a wide column and a narrow one."""

    name: str
    top: tuple[Panel, ...] = ()
    charts: tuple[Panel, ...] = ()
    wide: tuple[Panel, ...] = ()
    side: tuple[Panel, ...] = ()


# The first layout whose question the member answers with yes. A finance director reads, a credit manager runs the
# department, a collector works through the day, a salesperson looks after own customers, who resolves disputes answers.
SALES = Layout("sales", wide=(LATE,))
MANAGER = Layout(
    "manager",
    top=(FIGURES,),
    charts=(AGEING, TREND),
    wide=(LATE,),
    side=(WORK, ALERTS, PROMISES, DISPUTES, QUALITY, IMPORTS),
)
COLLECTOR = Layout("collector", top=(WORK,), wide=(MINE_LATE,), side=(ALERTS, PROMISES, DISPUTES, QUALITY))
CFO = Layout("cfo", top=(FIGURES,), charts=(AGEING, TREND), wide=(LATE,), side=(CASH, ALERTS, DISPUTES))
READER = Layout("reader", wide=(TO_ANSWER, DISPUTES), side=(PROMISES,))


def layout_of(member: Member) -> Layout:
    """The layout of a member's first page."""
    if member.role.portfolio_only:
        return SALES
    if member.can(Can.CONFIRM_ACTIONS):
        return MANAGER if member.can(Can.IMPORT_LEDGER) else COLLECTOR
    return CFO if member.can(Can.VIEW_AGEING) else READER


def panels_of(member: Member, panels: tuple[Panel, ...]) -> list[str]:
    """The names of those that the member may see."""
    return [panel.name for panel in panels if all(member.can(capability) for capability in panel.can)]
