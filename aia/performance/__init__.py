"""How well agents measurably do: scores where work is settled, ratings that follow."""

from aia.performance.model import Rating
from aia.performance.service import Judged, Performance, RatingConsumer
from aia.performance.steering import rating_snapshot, work_weights

__all__ = ["Judged", "Performance", "Rating", "RatingConsumer", "rating_snapshot", "work_weights"]
