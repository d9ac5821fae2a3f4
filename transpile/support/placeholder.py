"""What stands at module level for what only torch has."""

import sys


class Placeholder:
    """Stands for something of torch while a module loads: it can be named, called, subclassed and used as a decorator.

    A function that needs it raises when it runs.
    """

    def __init__(self, name):
        self._name = name

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Placeholder(f"{self._name}.{name}")

    def __call__(self, *args, **kwargs):
        if sys._getframe(1).f_code.co_flags & 1:  # called by a function, not by a module or class body
            raise NotImplementedError(f"{self._name} is PyTorch's and was not translated")
        if len(args) == 1 and not kwargs and callable(args[0]) and not isinstance(args[0], Placeholder):
            return args[0] if isinstance(args[0], type) else undecorated(args[0], self._name)
        return Placeholder(f"{self._name}(...)")

    def __mro_entries__(self, bases):
        return (Absent,)

    def __or__(self, other):
        return self

    __ror__ = __and__ = __rand__ = __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __or__
    __truediv__ = __rtruediv__ = __pow__ = __getitem__ = __lt__ = __le__ = __gt__ = __ge__ = __or__

    def __fspath__(self):
        return f"{self._name} is PyTorch's and was not translated"  # a path that says why it leads nowhere

    def __iter__(self):
        return iter(())

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False

    def __bool__(self):
        if not sys._getframe(1).f_code.co_flags & 1:  # asked while a module loads: it is not there
            return False
        raise NotImplementedError(f"{self._name} is PyTorch's and was not translated")


class Absent:
    """Base of a class whose torch base was not translated."""

    def __init__(self, *args, **kwargs):
        raise NotImplementedError(f"{type(self).__name__} has a PyTorch base that was not translated")


def undecorated(function, name):
    """A function that raises because its decorator is PyTorch's."""

    def run(*args, **kwargs):
        raise NotImplementedError(f"{function.__name__} needs {name}, which was not translated")

    return run
