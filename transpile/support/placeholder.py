"""What stands at module level for what only torch has."""


class Placeholder:
    """Stands for something of torch: can be named, called, subclassed and used as a decorator; fails when it is run."""

    def __init__(self, name, line=0):
        self._name, self._line = name, line

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Placeholder(f"{self._name}.{name}", self._line)

    def __call__(self, *args, **kwargs):
        if len(args) == 1 and not kwargs and callable(args[0]) and not isinstance(args[0], Placeholder):
            return args[0] if isinstance(args[0], type) else missing(args[0], self._name, self._line)
        return Placeholder(f"{self._name}(...)", self._line)

    def __mro_entries__(self, bases):
        return (Absent,)

    def __or__(self, other):
        return self

    __ror__ = __or__

    def __bool__(self):
        raise NotImplementedError(f"{self._name} is PyTorch's and was not translated (line {self._line} of the source)")


class Absent:
    """Base of a class whose torch base was not translated."""

    def __init__(self, *args, **kwargs):
        raise NotImplementedError(f"{type(self).__name__} has a PyTorch base that was not translated")


def missing(function, name, line):
    """A function that raises because its decorator is PyTorch's."""

    def run(*args, **kwargs):
        raise NotImplementedError(f"{function.__name__} needs {name}, which was not translated (line {line} of the source)")

    return run
