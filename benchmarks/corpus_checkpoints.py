"""Every model of a corpus from a .pth to three kinds of TensorFlow files, and back to torch.

    python benchmarks/corpus_checkpoints.py LIBRARY REFERENCES --manifest models.json [--packages P ...] [--jobs 2]

LIBRARY is a folder of packages of torch source; REFERENCES has an `N.pkl` for each model of the manifest: `state`
(names → arrays), `args`, `kwargs`, `outputs`, `tolerance`, and `note`, which is empty for a model that is to be used.
The manifest gives `index`, `package`, `imports` and `factory`. Beside it stands `metric.py` with `flatten` and
`distance`, by which outputs are compared; there may be a `stubs.py` with `prepare(PACKAGE, LIBRARY)`, which is called
before the imports.

Each package is translated once, and once more with --exact-training, with the packages of LIBRARY that it imports. Of
each model whose translation, filled from its .pth, gives the reference's outputs:

- checkpoint, weights.h5, SavedModel: written before the model was called (a SavedModel after), restored in another
  process, in which neither torch nor transpile can be imported, into a model that was filled with NaN: the outputs are
  the reference's, within its tolerance;
- way back: with --exact-training, from the .pth to a checkpoint, from that into another model, from that to a .pth
  that torch.load reads: the same names, dtypes, shapes and bits.

One process converts and one restores for each package, in slices of `--slice` models.
"""

from __future__ import annotations

import argparse
import ast
import filecmp
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
KINDS = ("checkpoint", "weights", "saved_model", "back")
Row = dict[str, Any]

# torch's part, in processes of its own: references into .pth files; and the files that came back held against these.
# A line for each model: its index and what there is to say, nothing being well.
TORCH = """
import json, os, pickle, sys, torch
step, work, references = sys.argv[1:]
def bits(tensor):
    return tensor.contiguous().reshape(-1).view(torch.uint8)
def save(i, folder):
    if not os.path.exists(f"{references}/{i}.pkl"):
        return "there is no reference"
    with open(f"{references}/{i}.pkl", "rb") as file:
        data = pickle.load(file)
    if not data["state"]:
        return "it has no weights"
    if not data["note"]:
        torch.save({k: torch.from_numpy(v.copy()) for k, v in data["state"].items()}, f"{folder}/model.pth")
    return data["note"]
def compare(i, folder):
    mine, theirs = (torch.load(f"{folder}/{n}.pth", weights_only=True) for n in ("back", "model"))
    wrong = sorted(mine.keys() ^ theirs.keys()) + [
        k for k in mine.keys() & theirs.keys() if mine[k].dtype != theirs[k].dtype or mine[k].shape != theirs[k].shape
        or not torch.equal(bits(mine[k]), bits(theirs[k]))
    ]
    return f"{len(wrong)} of {len(theirs)} differ: {', '.join(wrong[:3])}" if wrong else ""
for i in json.load(sys.stdin):
    print(json.dumps([i, (save if step == "save" else compare)(i, f"{work}/{i}")]))
"""


class Translations:
    """The translated library of one kind; a package is translated when it is first asked for."""

    def __init__(self, library: Path, out: Path, options: Sequence[str]) -> None:
        self.library, self.out, self.options = library, out, options
        self._needs: dict[str, set[str]] = {}

    def needs(self, package: str) -> set[str]:
        """The package and the packages of the library that it imports, directly or not."""
        found: set[str] = set()
        todo = [package]
        while todo:
            name = todo.pop()
            if name not in found:
                found.add(name)
                todo += self._imported(name)
        return found

    def _imported(self, package: str) -> set[str]:
        if package not in self._needs:
            names = {name for file in (self.library / package).rglob("*.py") for name in _imports(file)}
            self._needs[package] = {n for n in names if (self.library / n).is_dir() and n != package}
        return self._needs[package]

    def make(self, package: str) -> None:
        """Translates what is needed and not there yet, by the command."""
        for name in sorted(self.needs(package)):
            if not (self.out / name).exists():
                command = [sys.executable, "-m", "transpile", str(self.library / name), *self.options]
                done = subprocess.run([*command, "-o", str(self.out / name)], capture_output=True, text=True)
                if done.returncode > 1:
                    print(f"{name}: {done.stderr.strip()[-300:]}", file=sys.stderr)


def _imports(file: Path) -> Iterator[str]:
    """The top-level names of what a file imports."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.partition(".")[0]


def alike(one: Path, other: Path) -> bool:
    """Whether two folders hold the same files."""
    files = [{p.relative_to(f) for p in f.rglob("*") if p.is_file()} for f in (one, other)]
    return files[0] == files[1] and all(filecmp.cmp(one / p, other / p, shallow=False) for p in files[0])


class Run:
    """One run over the corpus; every model has a folder in `work`."""

    def __init__(self, arguments: argparse.Namespace, work: Path) -> None:
        self.arguments, self.work = arguments, work
        form = ["--data-format", arguments.data_format]
        library = arguments.library.resolve()
        translations = (arguments.translations or work).resolve()
        self.plain = Translations(library, translations / "plain", form)
        self.exact = Translations(library, translations / "exact", [*form, "--exact-training"])
        self.rows: dict[int, Row] = {}

    def torch(self, step: str, indices: list[int]) -> dict[int, str]:
        """Runs torch's part over models; gives what it says of each."""
        command = [sys.executable, "-c", TORCH, step, str(self.work), str(self.arguments.references)]
        done = subprocess.run(command, input=json.dumps(indices), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]
        return dict(json.loads(line) for line in done.stdout.splitlines() if line.startswith("["))

    def child(self, script: str, library: Path, models: list[Row], *rest: str) -> dict[int, Row]:
        """Runs a script over models, again after one that ends its process; gives a row for each."""
        found: dict[int, Row] = {}
        with tempfile.TemporaryDirectory(dir=self.work) as name:
            job, out = Path(name, "job.json"), Path(name, "out.jsonl")
            while todo := [m for m in models if m["index"] not in found]:
                paths = {"library": library, "references": self.arguments.references.resolve()}
                paths |= {"manifest": self.arguments.manifest.resolve(), "work": self.work}
                row = {**{k: str(v) for k, v in paths.items()}, "data_format": self.arguments.data_format}
                job.write_text(json.dumps({**row, "models": todo}))
                out.unlink(missing_ok=True)
                command = [sys.executable, str(HERE / script), str(job), str(out), *rest]
                done = subprocess.run(command, capture_output=True, text=True)
                lines = out.read_text().splitlines() if out.exists() else []
                found |= {row.pop("index"): row for row in map(json.loads, lines)}
                left = [m["index"] for m in todo if m["index"] not in found]
                if left:
                    found[left[0]] = {"failed": f"the process ended: {done.stderr.strip()[-200:]}"}
        return found

    def slice(self, models: list[Row]) -> None:
        """Converts and restores some models of one package."""
        package = models[0]["package"]
        same = all(alike(self.plain.out / n, self.exact.out / n) for n in self.plain.needs(package))
        rows = self.child("corpus_converting.py", self.plain.out, models, "both" if same else "files")
        equal = [{**m, **rows[m["index"]]} for m in models if "layout" in rows[m["index"]]]
        for index, row in self.child("corpus_restoring.py", self.plain.out, equal).items():
            for kind in KINDS[:3]:
                rows[index][kind] = rows[index][kind] or row.get(kind, row.get("failed"))
        for entry in equal:
            for name in ("ckpt", "model.weights.h5", "saved_model"):
                place = self.work / str(entry["index"]) / name
                shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
        if not same:
            for index, row in self.child("corpus_converting.py", self.exact.out, equal, "back").items():
                rows[index]["back"] = row.get("back", row.get("failed"))
        self.rows |= rows
        for entry in models:  # the table comes at the end, in the manifest's order, when torch has compared
            print(package, entry["index"], rows[entry["index"]], file=sys.stderr, flush=True)

    def all(self, models: list[Row]) -> None:
        """Every model, several slices of packages at a time."""
        size = self.arguments.slice
        for entry in models:
            (self.work / str(entry["index"])).mkdir()
        notes = self.torch("save", [m["index"] for m in models])
        packages: dict[str, list[Row]] = {}
        for m in models:
            if not notes[m["index"]]:
                packages.setdefault(m["package"], []).append(m)
        with ThreadPoolExecutor(self.arguments.jobs) as pool:
            waiting = []
            for name, its in packages.items():
                for kind in (self.plain, self.exact):
                    kind.make(name)  # one after the other: packages import each other
                for first in range(0, len(its), size):
                    waiting.append(pool.submit(self.slice, its[first : first + size]))
            for future in waiting:
                future.result()
        returned = [i for i, row in self.rows.items() if row.get("back") == ""]
        for index, wrong in self.torch("compare", returned).items():
            self.rows[index]["back"] = wrong


def show(*cells: str) -> None:
    print("|", " | ".join(cell.replace("|", "\\|") for cell in cells), "|", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("library", type=Path)
    parser.add_argument("references", type=Path)
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--packages", nargs="+", help="these alone")
    parser.add_argument("--index", type=int, nargs="+", help="these models alone")
    parser.add_argument("--data-format", default="channels_last")
    parser.add_argument("--jobs", type=int, default=2, help="slices at a time")
    parser.add_argument("--slice", type=int, default=12, help="models that share a process")
    parser.add_argument("--translations", type=Path, help="keep these here, and take what is there already")
    parser.add_argument("--folder", type=Path, help="where to work, if not among the temporary files")
    arguments = parser.parse_args()
    models = [
        entry
        for entry in json.loads(arguments.manifest.read_text())
        if (not arguments.packages or entry["package"] in arguments.packages)
        and (not arguments.index or entry["index"] in arguments.index)
    ]
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        run = Run(arguments, Path(os.path.realpath(name)))
        run.all(models)
    sys.exit(not table([{**m, **run.rows[m["index"]]} for m in models if m["index"] in run.rows]))


def table(rows: list[Row]) -> bool:
    """Shows what became of every model that has a reference; gives whether all is well."""
    show("index", "package", "model", "checkpoint", "weights.h5", "SavedModel", "way back")
    show(*["--:"], *["---"] * 6)
    equal = [row for row in rows if "layout" in row]
    for row in equal:
        cells = ["**no**" if row[kind] else "yes" for kind in KINDS]
        show(str(row["index"]), row["package"], row["factory"][:60], *cells)
    counts = [f"{sum(not row[kind] for row in equal)} of {len(equal)}" for kind in KINDS]
    show("", "all", f"{len(equal)} equal of {len(rows)} with a reference", *counts)
    reasons = [f"{row['index']} {kind}: {row[kind]}" for row in equal for kind in KINDS if row[kind]]
    others = [row for row in rows if "layout" not in row]
    print("", *reasons, sep="\n")
    for row in others:
        why = row.get("not_equal", row.get("failed"))
        print(f"not equal before, so not counted: {row['index']} {row['factory'][:60]}: {why}")
    return not reasons


if __name__ == "__main__":
    main()
