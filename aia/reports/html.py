"""The page of a report, rendered from the same JSON-LD document: it cannot say anything else."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

CHART_WIDTH, CHART_HEIGHT = 600.0, 56.0


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
        quotations={quotation["id"]: quotation for quotation in document["quotations"]},
        growth=_growth,
        bars=_bars,
        short=_short,
        grouped=_grouped,
        highest=lambda months: f"{max(_shares(months)):.1f}",
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
    return "" if slope is None else f"{100 * (math.exp(float(slope)) - 1):+.1f} %"


def _short(decimal: str) -> str:
    """Three significant digits at most, for people; the document has them all."""
    value = float(decimal)
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _grouped(decimal: str) -> str:
    """A decimal as it stands, thousands set apart."""
    whole, point, rest = decimal.partition(".")
    return f"{int(whole):,}{point}{rest}"


def _shares(months: Sequence[Mapping[str, Any]]) -> list[float]:
    return [100 * month["count"] / month["all"] if month["all"] else 0.0 for month in months]


def _bars(months: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rectangles of the share by month."""
    shares = _shares(months)
    most = max(shares) or 1.0
    step = CHART_WIDTH / len(shares)
    return [
        {
            "x": round(i * step, 2),
            "width": round(step * 0.7, 2),
            "height": round(CHART_HEIGHT * share / most, 2),
            "y": round(CHART_HEIGHT * (1 - share / most) + 3, 2),
            "month": month["month"],
            "share": f"{share:.1f}",
        }
        for i, (month, share) in enumerate(zip(months, shares, strict=True))
    ]
