"""The page of a report, rendered from the same JSON-LD document: it cannot say anything else."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from aia.reports.jsonld import themes_of

CHART_WIDTH, CHART_HEIGHT = 600.0, 56.0
VOICES_MIN = 10
"""A share of fewer voices in a month is drawn pale and does not set the scale: one voice of one is 100 %."""

COUNTED: Mapping[str, str] = {
    "documents": "documents that state this need",
    "statements": "passages that state this need",
    "requests": "passages that ask for something",
    "authors": "named authors of this need",
    "voices": "voices (people who speak) that state this need",
    "sources": "places where this need is stated",
    "harmed": "voices that tell of harm",
    "paying": "voices that pay for a way round, or would pay",
    "solved": "voices that say it is solved",
    "corpusDocuments": "documents read",
    "corpusVoices": "voices in the documents read",
    "companiesNear": "companies that already serve it",
    "companiesRead": "companies read",
}
"""A reader's words for what a market size may count, by the name it has in the document."""


def render_html(document: Mapping[str, Any]) -> str:
    """One self-contained page: no script, nothing fetched; text of documents is escaped."""
    environment = Environment(
        loader=PackageLoader("aia.reports"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html").render(
        r={"proof": None} | dict(document),
        themes=_themes(document),
        quotations={quotation["id"]: quotation for quotation in document["quotations"]},
        growth=_growth,
        counted=lambda column: COUNTED.get(column, column),
        shared=_shared_flags(document["opportunities"]),
        voices_min=VOICES_MIN,
        bars=_bars,
        short=_short,
        grouped=_grouped,
        highest=lambda months: f"{_highest(months):.1f}",
        embedded=_script_safe(document),
    )


def _script_safe(document: Mapping[str, Any]) -> str:
    """JSON that cannot end its script element or open a comment in it (HTML, 4.12.1.3)."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    for character, escape in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        text = text.replace(character, escape)
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _growth(opportunity: Mapping[str, Any]) -> str:
    slope = opportunity["table"].get("slope")
    if slope is None:
        return ""
    percent = round(100 * (math.exp(float(slope)) - 1), 1)
    return f"{percent:+.1f} %" if percent else "0.0 %"


def _themes(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Words, how many needs and which opportunities each theme has; nothing where all are of one."""
    of_need = themes_of(document)
    rows = [
        {
            "words": ", ".join(theme["words"]),
            "needs": len(theme["holds"]),
            "listed": [o for o in document["opportunities"] if of_need.get(o["need"]) is theme],
        }
        for theme in document.get("themes", [])
    ]
    return sorted(rows, key=lambda row: not row["listed"]) if len(rows) > 1 else []


def _shared_flags(opportunities: Sequence[Mapping[str, Any]]) -> list[str]:
    """Flags that all opportunities carry, which therefore set none apart; none where there is only one."""
    if len(opportunities) < 2:
        return []
    first, *rest = (opportunity["flags"] for opportunity in opportunities)
    return [flag for flag in first if all(flag in flags for flags in rest)]


def _short(decimal: str) -> str:
    """Three significant digits at most, for people; the document has them all."""
    value = float(decimal)
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _grouped(decimal: str) -> str:
    """A decimal as it stands, thousands set apart."""
    whole, point, rest = decimal.partition(".")
    return f"{int(whole):,}{point}{rest}"


def _highest(months: Sequence[Mapping[str, Any]]) -> float:
    """The greatest share, in percent, of the months with enough voices; of all where none has."""
    enough = [month for month in months if month["all"] >= VOICES_MIN] or months
    return max(_shares(enough))


def _shares(months: Sequence[Mapping[str, Any]]) -> list[float]:
    return [100 * month["count"] / month["all"] if month["all"] else 0.0 for month in months]


def _bars(months: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rectangles of the share by month; pale ones are of few voices, and end at the top where they would pass it."""
    most = _highest(months) or 1.0
    step = CHART_WIDTH / len(months)
    bars: list[dict[str, Any]] = []
    for i, (month, share) in enumerate(zip(months, _shares(months), strict=True)):
        height = CHART_HEIGHT * min(share / most, 1.0)
        bars.append(
            {
                "x": round(i * step, 2),
                "width": round(step * 0.7, 2),
                "height": round(height, 2),
                "y": round(CHART_HEIGHT - height + 3, 2),
                "month": month["month"],
                "share": f"{share:.1f}",
                "count": month["count"],
                "all": month["all"],
                "few": month["all"] < VOICES_MIN,
            }
        )
    return bars
