"""Symbolic sizes: monomials such as 2·b·c/g, exact enough to prove that a view splits or merges axes.

A floor division is written as an exact one. That is sound where it is used, inside a view: a view is only
valid if the sizes multiply up to the same count, and a floor division that drops a remainder cannot.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

__all__ = ["ONE", "Dim", "product"]


class Dim:
    """coefficient × ∏ symbol**exponent; immutable and hashable."""

    __slots__ = ("coefficient", "factors", "_hash")

    def __init__(self, coefficient: Fraction | int = 1, factors: tuple[tuple[str, int], ...] = ()) -> None:
        self.coefficient = coefficient
        self.factors = factors
        self._hash = hash((coefficient, factors))

    @classmethod
    def symbol(cls, name: str) -> Dim:
        return cls(1, ((name, 1),))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Dim) and self.coefficient == other.coefficient and self.factors == other.factors
        )

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        parts = [str(self.coefficient)] if self.coefficient != 1 or not self.factors else []
        parts += [name if power == 1 else f"{name}^{power}" for name, power in self.factors]
        return "·".join(parts)

    @property
    def value(self) -> int | None:
        """The size as a number, None while a symbol is left."""
        if self.factors:
            return None
        number = Fraction(self.coefficient)
        return int(number) if number.denominator == 1 else None

    def __mul__(self, other: Dim) -> Dim:
        return self._combine(other, 1)

    def __truediv__(self, other: Dim) -> Dim:
        return self._combine(other, -1)

    def __pow__(self, exponent: int) -> Dim:
        return Dim(
            Fraction(self.coefficient) ** exponent,
            tuple((name, power * exponent) for name, power in self.factors if power * exponent),
        )

    def _combine(self, other: Dim, sign: int) -> Dim:
        if other is ONE:
            return self
        if self is ONE and sign == 1:
            return other
        coefficient = self.coefficient * other.coefficient if sign == 1 else self._ratio(other)
        if not other.factors:
            return Dim(coefficient, self.factors)
        powers = dict(self.factors)
        for name, power in other.factors:
            powers[name] = powers.get(name, 0) + sign * power
        factors = tuple(sorted((name, power) for name, power in powers.items() if power))
        return Dim(coefficient, factors)

    def _ratio(self, other: Dim) -> Fraction | int:
        """The ratio of the coefficients, an integer where it is one: fractions cost ten times as much."""
        if not other.coefficient:
            return 0
        ratio = Fraction(self.coefficient) / other.coefficient
        return ratio.numerator if ratio.denominator == 1 else ratio


ONE = Dim(1)


def product(dims: Iterable[Dim | None]) -> Dim | None:
    """The product, None as soon as one size is unknown."""
    total = ONE
    for dim in dims:
        if dim is None:
            return None
        total = total * dim
    return total
