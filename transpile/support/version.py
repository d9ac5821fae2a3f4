"""torch.__version__, which compares with text and with tuples by its numbers."""

import re


class TorchVersion(str):
    """A version as text; <, <=, >, >= and == take text or a tuple of numbers, and compare number by number.

    As in torch, != compares text.
    """

    def _numbers(self, other):
        parts = re.findall(r"\d+", str(other).partition("+")[0]) if isinstance(other, str) else other
        own = [int(part) for part in re.findall(r"\d+", self.partition("+")[0])]
        given = [int(part) for part in parts]
        size = max(len(own), len(given))
        return [numbers + [0] * (size - len(numbers)) for numbers in (own, given)]

    def __lt__(self, other):
        own, given = self._numbers(other)
        return own < given

    def __le__(self, other):
        own, given = self._numbers(other)
        return own <= given

    def __gt__(self, other):
        return not self <= other

    def __ge__(self, other):
        return not self < other

    def __eq__(self, other):
        if not isinstance(other, (str, tuple, list)):
            return False
        own, given = self._numbers(other)
        return own == given

    __hash__ = str.__hash__
