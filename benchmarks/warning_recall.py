"""Whether every model that is not equal has a diagnostic on the path to the difference.

    python benchmarks/warning_recall.py SCORES --manifest models.json --library LIB --outputs OUT --references REFS
        [--data-format F] [--prepare FILE] [--index N ...]

SCORES, the manifest and the data format are those of warning_precision.py; LIB has the sources of the packages, OUT
their translations, REFS a pickle per model (`INDEX.pkl`, with `args`, `kwargs`, `state` and `outputs` as arrays).
`prepare(package, library)` of FILE is called before a package is imported, for stand-ins of what a package loads and
its models do not need, and `prepare_torch(package, library)`, where FILE has one, before torch's own is. Each model
runs in a process of its own: USER CODE RUNS HERE.

A model that raises: the functions of its traceback that stand in OUT are the path, and a diagnostic of any severity
counts that stands in the same function, class or method of the source. A model whose numbers differ: `transpile verify`
finds the first layer that diverges and the warnings on the way to it. Where it finds none, the torch model runs once
more with the weights and the input of its reference: with one thread, with a ten-millionth of noise on the input, and
in float64. Where that is as far from the reference as the translation is, torch does not repeat its own answer, nothing
has to be said and the reason is printed. Where verify cannot run a model, the warnings in all that it consists of are
shown, and it is counted apart.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib.util
import json
import pickle
import re
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from warning_precision import Library, is_equal

PREFIX = "warning_recall: "
NOISE = 1e-7
METHODS = {"call": ("forward", "call"), "__call__": ("forward", "__call__")}


class Step(NamedTuple):
    """A function on the path: its file below OUT, the running line, and the names of what it stands in."""

    file: str
    line: int
    names: tuple[str, ...]


class Verdict(NamedTuple):
    """What one model showed: where it stands, what is said there, and whether anything had to be said."""

    where: str
    said: list[str]
    needed: bool
    followed: bool = True  # whether the path to the difference was found


def definitions(tree: ast.AST, around: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], int, int]]:
    """Every class and function with its names from the outside in, its first and its last line."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            names = (*around, node.name)
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            yield names, first, node.end_lineno or node.lineno
            yield from definitions(node, names)
        else:
            yield from definitions(node, around)


def names_at(file: Path, line: int) -> tuple[str, ...]:
    """The innermost definition around a line of a file."""
    found = [
        names for names, first, last in definitions(ast.parse(file.read_text())) if first <= line <= last
    ]
    return max(found, key=len, default=())


def spans(file: Path, names: tuple[str, ...]) -> list[tuple[int, int]]:
    """Where the source of a translated definition stands: `call` was `forward`; of a method, its whole class."""
    wanted = {names, *((*names[:-1], other) for other in METHODS.get(names[-1], ()))} if names else set()
    every = list(definitions(ast.parse(file.read_text(errors="replace"))))
    own = [(first, last) for found, first, last in every if found in wanted]
    classes = [(first, last) for found, first, last in every if len(names) > 1 and found == names[:1]]
    return own + classes


def said_on(path: list[Step], library: Path, said: dict[Path, list[dict[str, Any]]]) -> list[str]:
    """The diagnostics in the definitions on a path: warnings first, and of these the innermost function's."""
    found: dict[str, None] = {}
    for step in reversed(path):
        file = library / step.file
        if not file.is_file():
            continue
        for first, last in spans(file, step.names):
            for one in said.get(file, ()):
                if first <= one["line"] <= last:
                    text = f"{step.file}:{one['line']}: {one['severity']} {one['code']} {one['message']}"
                    found.setdefault(text)
    return sorted(found, key=lambda text: ": info " in text)


def path_of(error: BaseException, outputs: Path) -> list[Step]:
    """The functions of an error's traceback that are translations, the innermost last; no support module."""
    steps = []
    for frame, line in traceback.walk_tb(error.__traceback__):
        steps.append((frame.f_code.co_filename, line))
    # what AutoGraph ran is in a file of its own, and names the places that it was made from in its message
    steps += [(name, int(line)) for name, line in re.findall(r'File "([^"]+)", line (\d+)', str(error))]
    path = []
    for name, line in steps:
        file = Path(name)
        if outputs in file.parents and not file.name.startswith("_torch_support"):
            path.append(Step(str(file.relative_to(outputs)), line, names_at(file, line)))
    return path


def attempt(arguments: argparse.Namespace, entry: dict[str, Any], graph: bool) -> dict[str, Any]:
    """Build and run one translated model, as a graph of unknown sizes if asked; what it raises, and on which path."""
    sys.modules["torch"] = None  # type: ignore[assignment]
    import numpy as np
    import tensorflow as tf

    from transpile.weights import load_state_dict

    data = pickle.loads((arguments.references / f"{entry['index']}.pkl").read_bytes())
    namespace: dict[str, Any] = {"tf": tf}

    def given(value: Any, ranks: tuple[int, ...]) -> Any:
        if isinstance(value, np.ndarray):
            is_image = value.ndim in ranks and value.dtype.kind == "f"
            return tf.constant(np.moveaxis(value, 1, -1) if is_image else value)
        if isinstance(value, dict):
            return {key: given(inner, ranks) for key, inner in value.items()}
        return type(value)(given(inner, ranks) for inner in value) if type(value) in (list, tuple) else value

    def spec(tensor: Any) -> Any:
        sizes = [None if place < tensor.shape.rank - 1 else n for place, n in enumerate(tensor.shape)]
        return tf.TensorSpec(sizes, tensor.dtype)

    failure: dict[str, Any] = {}
    for ranks in ((4, 5), (3, 4, 5), ()) if arguments.data_format == "channels_last" else ((),):
        stage = "import"
        try:
            for line in entry["imports"]:
                exec(line, namespace)
            stage = "build"
            model = eval(entry["factory"].replace("{LIB}", str(arguments.outputs)), namespace)
            args, kwargs = given(data["args"], ranks), given(data["kwargs"], ranks)
            stage = "call"
            model(*args, **kwargs)
            stage = "weights"
            load_state_dict(model, data["state"])
            if graph:
                stage = "graph"
                signature = tf.nest.map_structure(spec, [args, kwargs])
                tf.function(lambda a, k, m=model: m(*a, **k), input_signature=signature)(args, kwargs)
            return {"stage": "", "error": "", "path": []}
        except Exception as error:  # whatever user code raises is what this looks for
            path = path_of(error, arguments.outputs)
            found = {"stage": stage, "error": f"{type(error).__name__}: {error}", "path": path}
            if not failure or len(path) > len(failure["path"]):
                failure = found
    return failure


def as_input(given: dict[str, Any]) -> str | None:
    """An input of the manifest as `--input` has it; None where it has no way to say it."""
    if "list" in given:
        items = [as_input(item) for item in given["list"]]
        return None if None in items else f"[{'; '.join(filter(None, items))}]"
    kind, high = given.get("dtype", "float32"), given.get("high", 2)
    if "shape" in given:
        sizes = ",".join(str(n) for n in given["shape"])
        return f"{kind}:{sizes}:0..{high - 1}" if "int" in kind else f"{kind}:{sizes}"
    number = re.fullmatch(r"torch\.tensor\(\[(\d+)\]\)", given.get("expr", ""))  # one number
    return f"int64:1:{number[1]}..{number[1]}" if number else None


def preparation(file: Path) -> Any:
    """The module of `--prepare`."""
    found = importlib.util.spec_from_file_location("preparation", file)
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def prepare_torch(arguments: argparse.Namespace, package: str) -> None:
    """What the package needs where it runs on torch, if FILE says so."""
    if arguments.prepare is not None:
        getattr(preparation(arguments.prepare), "prepare_torch", lambda *_: None)(
            package, str(arguments.library)
        )


def repetition(arguments: argparse.Namespace, entry: dict[str, Any]) -> dict[str, float | None]:
    """How far torch is from its own reference: with one thread, with faint noise on the input, and in float64."""
    import numpy as np
    import torch

    from transpile.verify.measure import arrays, distance

    prepare_torch(arguments, entry["package"])
    sys.path.insert(0, str(arguments.library))
    data = pickle.loads((arguments.references / f"{entry['index']}.pkl").read_bytes())
    namespace: dict[str, Any] = {"torch": torch, "nn": torch.nn}
    for line in entry["imports"]:
        exec(line, namespace)
    model = eval(entry["factory"].replace("{LIB}", str(arguments.library)), namespace).eval()
    model.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in data["state"].items()})
    generator, width = torch.Generator().manual_seed(0), torch.float32

    def given(value: Any, noise: float) -> Any:
        if isinstance(value, np.ndarray):
            tensor = torch.from_numpy(value.copy())
            if not tensor.is_floating_point():
                return tensor
            return tensor.to(width) + noise * torch.randn(tensor.shape, generator=generator)
        if isinstance(value, dict):
            return {key: given(inner, noise) for key, inner in value.items()}
        return type(value)(given(inner, noise) for inner in value) if type(value) in (list, tuple) else value

    def apart(noise: float = 0.0) -> float | None:
        torch.manual_seed(1)
        with torch.no_grad():
            result = model(*given(data["args"], noise), **given(data["kwargs"], noise))
        return distance(data["outputs"], arrays(result))[0]

    found = {"as it was": apart(), f"with noise of {NOISE:.0e}": apart(NOISE)}
    torch.set_num_threads(1)
    found["with one thread"] = apart()
    model, width = model.double(), torch.float64
    with contextlib.suppress(Exception):  # a model that names its dtypes does not run in another
        found["in float64"] = apart()
    return found


def repeated(arguments: argparse.Namespace, entry: dict[str, Any], row: dict[str, Any]) -> str:
    """Why the difference of a row says nothing of the translation: torch itself is as far from its reference."""
    script = [sys.executable, __file__, *sys.argv[1:], "--repeat", str(entry["index"])]
    done = subprocess.run(script, capture_output=True, text=True, timeout=1500)
    lines = [line for line in done.stdout.splitlines() if line.startswith(PREFIX)]
    own: dict[str, float | None] = json.loads(lines[-1].removeprefix(PREFIX)) if lines else {}
    told = [
        f"{size:.1e} {way}" for way, size in own.items() if size is not None and size >= row["distance"] / 2
    ]
    return f"torch itself differs from its own reference by {', '.join(told)}" if told else ""


def defined(file: Path) -> set[str]:
    """The classes and functions at the top of a file."""
    return {names[0] for names, _, _ in definitions(ast.parse(file.read_text(errors="replace")))}


def difference(arguments: argparse.Namespace, entry: dict[str, Any], row: dict[str, Any]) -> Verdict:
    """Where the numbers part, by `transpile verify`."""
    file = arguments.library.joinpath(*entry["module"].split(".")).with_suffix(".py")
    own = defined(file)
    head, _, rest = entry["factory"].partition(".")
    factory = rest if head.isidentifier() and head not in own and rest else entry["factory"]
    if factory.partition("(")[0] not in own:  # a factory that stands beside the module of the class
        file = next(
            (f for f in sorted(file.parent.glob("*.py")) if factory.partition("(")[0] in defined(f)), file
        )
    inputs = []
    for given in entry["inputs"]:
        text = as_input(given)
        if text is None:
            return Verdict("an input that verify cannot be told: not measured", [], True)
        inputs += ["--input", text]
    script = [sys.executable, __file__, *sys.argv[1:], "--verify", str(entry["index"])]
    script += [f"{file}:{factory}", *inputs, "--no-graph", "--json"]
    done = subprocess.run(script, capture_output=True, text=True, timeout=1500)
    try:
        result = json.loads(done.stdout)
    except ValueError:
        return Verdict((done.stderr.strip().splitlines() or ["verify said nothing"])[-1][:200], [], True)
    if result["divergence"] is not None:
        parts = result["divergence"]
        where = f"{parts['layer']} ({parts['kind']}) {parts['where']}, by {parts['difference']:.1e}"
        silent = not parts["warnings"] and row["distance"] is not None
        reason = repeated(arguments, entry, row) if silent else ""
        return Verdict(f"{where}; {reason}" if reason else where, parts["warnings"], not reason)
    reasons = [note for note in result["notes"] if "torch itself" in note] + [result["error"]]
    if not any(reasons) and row["distance"] is not None:
        reasons = [repeated(arguments, entry, row)]
    is_torch = "torch itself" in reasons[0] or "random" in result["error"]
    eager = next((c for c in result["comparisons"] if c["name"] == "eager"), None)
    figures = f"eager {eager['verdict']} at {eager['difference']:.1e}: " if eager else ""
    return Verdict(
        f"{figures}{reasons[0].splitlines()[0][:160] if reasons[0] else 'equal by verify'}", [], not is_torch
    )


def judged(
    arguments: argparse.Namespace,
    entry: dict[str, Any],
    row: dict[str, Any],
    said: dict[Path, list[dict[str, Any]]],
) -> Verdict:
    """One model, run in a process of its own."""
    if row["verdict"] == "differs":
        found = difference(arguments, entry, row)
        if found.needed and not found.said:
            where = f"not followed ({found.where}); in all that the model consists of"
            found = Verdict(where, in_its_parts(arguments, entry, said), True, False)
        return found
    script = [sys.executable, __file__, *sys.argv[1:], "--one", str(entry["index"])]
    script += ["--graph"] if row["verdict"] == "equal" else []
    done = subprocess.run(script, capture_output=True, text=True, timeout=1500)
    lines = [line for line in done.stdout.splitlines() if line.startswith(PREFIX)]
    if not lines:
        return Verdict(f"ended: {(done.stderr.strip().splitlines() or [''])[-1][:200]}", [], True)
    found = json.loads(lines[-1].removeprefix(PREFIX))
    if not found["stage"]:
        return Verdict("runs", [], False)
    path = [Step(file, line, tuple(names)) for file, line, names in found["path"]]
    at = f" at {path[-1].file}:{path[-1].line} in {'.'.join(path[-1].names)}" if path else ""
    error = " ".join(found["error"].split())[:160]
    if not path and found["stage"] == "build" and error.startswith("NameError"):
        return Verdict(f"the factory of the manifest names torch itself: {error}", [], False)
    return Verdict(f"{found['stage']}{at}: {error}", said_on(path, arguments.library, said), True)


def in_its_parts(
    arguments: argparse.Namespace, entry: dict[str, Any], said: dict[Path, list[dict[str, Any]]]
) -> list[str]:
    """The warnings in the definitions that a model is made of, where verify cannot find the path itself."""
    library = Library(arguments.library)
    parts = library.consists_of(entry["imports"], entry["factory"].replace("{LIB}", str(arguments.library)))
    return sorted(
        f"{part.file.relative_to(arguments.library)}:{one['line']}: {one['severity']} {one['code']} {one['message']}"
        for part in parts
        for one in said.get(part.file, ())
        if part.first <= one["line"] <= part.last and one["severity"] != "info"
    )


def rows_of(folder: Path, data_format: str) -> Iterator[dict[str, Any]]:
    """The models that are not equal in every mode that was measured."""
    for score in sorted(folder.glob(f"*.{data_format}.json")):
        for row in json.loads(score.read_text()):
            if row["verdict"] != "no_reference" and not is_equal(row):
                yield row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("scores", type=Path)
    for name in ("manifest", "library", "outputs", "references"):
        parser.add_argument(f"--{name}", type=lambda text: Path(text).resolve(), required=True)
    parser.add_argument("--prepare", type=Path)
    parser.add_argument("--data-format", default="channels_last")
    parser.add_argument("--index", type=int, nargs="*", default=[])
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--graph", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--repeat", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--verify", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    manifest = {entry["index"]: entry for entry in json.loads(arguments.manifest.read_text())}
    if arguments.verify is not None:
        from transpile.cli import main as transpile

        prepare_torch(arguments, manifest[int(arguments.verify[0])]["package"])
        sys.argv = ["transpile", "verify", *arguments.verify[1:]]
        transpile()
        return
    if arguments.repeat is not None:
        print(PREFIX + json.dumps(repetition(arguments, manifest[arguments.repeat])))
        return
    if arguments.one is not None:
        sys.path.insert(0, str(arguments.outputs))
        entry = manifest[arguments.one]
        if arguments.prepare is not None:
            preparation(arguments.prepare).prepare(entry["package"], str(arguments.outputs))
        print(PREFIX + json.dumps(attempt(arguments, entry, arguments.graph)))
        return
    said: dict[Path, list[dict[str, Any]]] = {}
    for report in sorted(arguments.scores.glob(f"*.{arguments.data_format}.diagnostics.json")):
        for file in json.loads(report.read_text())["files"]:
            said[Path(file["path"]).resolve()] = file["diagnostics"]
    needed = met = warned = apart = 0
    for row in rows_of(arguments.scores, arguments.data_format):
        if arguments.index and row["index"] not in arguments.index:
            continue
        verdict = judged(arguments, manifest[row["index"]], row, said)
        counts = verdict.needed and verdict.followed
        needed += counts
        met += counts and bool(verdict.said)
        warned += counts and any(": info " not in text for text in verdict.said)
        apart += verdict.needed and not verdict.followed
        word = "said" if verdict.said else "NOTHING SAID" if verdict.needed else "nothing to say"
        print(f"{row['index']} {row['package']} {row['factory'][:60]}: {word}: {verdict.where}", flush=True)
        for text in verdict.said[:4]:
            print(f"  {text[:180]}", flush=True)
    total = f"{met} of {needed} models that differ or raise have a diagnostic on the path, {warned} a warning"
    print(f"{total}; {apart} more were not followed")


if __name__ == "__main__":
    main()
