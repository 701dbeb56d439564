"""An entailment model that the settings name and that cannot be had."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from quire.errors import ModelError, ModelUnusable
from quire.models.protocols import Bounds


class MissingEntailment:
    """Leaves the rules' word, and tells its `problem`."""

    name = "none"

    def __init__(self, problem: ModelError) -> None:
        self.problem = problem

    def bounds(self, statement: str) -> Bounds:  # noqa: ARG002
        """No word of it reaches them."""
        return Bounds(1.0, 1.0)

    def probabilities(self, pairs: Sequence[tuple[str, str]]) -> npt.NDArray[np.float32]:
        """Raises ModelUnusable, with the problem's sentences."""
        if pairs:
            raise ModelUnusable(self.problem.message, hint=self.problem.hint)
        return np.zeros((0, 3), np.float32)
