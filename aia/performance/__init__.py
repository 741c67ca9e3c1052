"""How well agents measurably do: scores where work is settled, ratings that follow."""

from aia.performance.model import Rating
from aia.performance.service import Judged, Performance, RatingConsumer

__all__ = ["Judged", "Performance", "Rating", "RatingConsumer"]
