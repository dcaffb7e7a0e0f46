"""A classifier of scikit-learn's kind with an independent logistic line for each label.

* :class:`LabelLines` - a row may have several labels, or none, and one label is enough
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

__all__ = ["LabelLines"]


class LabelLines(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Logistic regression of each column of an indicator matrix.

    What all rows have, or none, is given the same probability everywhere.

    Parameters
    ----------
    strength : float
        ``C`` of each regression.

    Examples
    --------
    >>> lines = LabelLines().fit([[0.0], [1.0]], [[True, True], [False, True]])
    >>> lines.predict([[0.0]]).tolist(), lines.predict_proba([[0.0]]).shape
    ([[1, 1]], (1, 2))
    """

    def __init__(self, strength: float = 10.0) -> None:
        self.strength = strength

    def fit(self, X: Any, y: Any) -> LabelLines:
        """Fitted to rows, shape (n, d), and who has which label, shape (n, n_labels)."""
        truth = np.asarray(y, bool)
        self.n_features_in_ = np.shape(X)[1]
        self.classes_ = [np.array([0, 1])] * truth.shape[1]
        found = [self._fit_one(X, truth[:, k]) for k in range(truth.shape[1])]
        self.coef_ = np.array([one[0] for one in found]).reshape(-1, self.n_features_in_)
        self.intercept_ = np.array([one[1] for one in found])
        return self

    def _fit_one(self, rows: Any, truth: Any) -> tuple[Any, float]:
        if truth.all() or not truth.any():
            share = (truth.sum() + 1) / (len(truth) + 2)
            return np.zeros(self.n_features_in_), float(np.log(share / (1 - share)))
        line = LogisticRegression(C=self.strength, max_iter=1000).fit(rows, truth.astype(int))
        return line.coef_[0], float(line.intercept_[0])

    def decision_function(self, X: Any) -> Any:
        """Log odds, shape (n, n_labels)."""
        return np.asarray(X) @ self.coef_.T + self.intercept_

    def predict_proba(self, X: Any) -> Any:
        """Probabilities, shape (n, n_labels)."""
        return 1 / (1 + np.exp(-self.decision_function(X)))

    def predict(self, X: Any) -> Any:
        """1 where a label is likelier than not, shape (n, n_labels)."""
        return (self.decision_function(X) > 0).astype(int)
