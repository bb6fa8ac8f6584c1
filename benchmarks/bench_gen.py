"""Time the generator against its peers: CPU time of whole processes, medians of interleaved runs.

    python benchmarks/bench_gen.py [--rounds 5] [--only NAME,...] [--lexicons DIR]

Peers live in environments of their own below the user's cache directory, made on first use by pip. The result is
written to ``benchmarks/gen.md`` and ``benchmarks/gen.json``. See ``benchmarks/README.md``.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT.parent / "shared" / "corpus" / "lexicons" / "bluesky-social+atproto" / "lexicons"
PEERS = {"gen": ["atproto==0.0.73", "datamodel-code-generator==0.89.0", "ruff"], "upstream": ["atdata==0.7.0b1"]}
#: PyPI's atdata asks for this Python; ours is timed on the same one there.
UPSTREAM_PYTHON = "3.12"


@dataclass
class Case:
    """One thing that is timed: ``prepare`` is not counted, ``command`` is, with all its children."""

    name: str
    what: str
    command: list[str]
    prepare: Callable[[], None] = lambda: None
    env: dict[str, str] = field(default_factory=dict)
    target: str = ""
    #: the figure is a number (of milliseconds) that the command prints, and not its own CPU time
    printed: bool = False
    statuses: tuple[int, ...] = (0,)
    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    failed: str = ""


def run(case: Case) -> None:
    """One round of one case."""
    if case.failed:
        return
    case.prepare()
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        case.command, capture_output=True, text=True, check=False, timeout=900, env={**os.environ, **case.env}
    )
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in case.statuses:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no word"]
        case.failed = lines[-1].replace(str(ROOT), ".").replace(str(Path.home()), "~")[:200]
        return
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    case.cpu.append(float(done.stdout.split()[-1]) / 1000 if case.printed else cpu)
    case.wall.append(wall)


def cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    path = Path(base) / "atdata-bench"
    path.mkdir(parents=True, exist_ok=True)
    return path


def python_of(version: str) -> str | None:
    """An interpreter of ``version``: on the path, or where pyenv keeps them."""
    found = shutil.which(f"python{version}")
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for candidate in [found, *sorted(str(path) for path in versions.glob(f"{version}.*/bin/python"))]:
        if candidate and subprocess.run([candidate, "-c", ""], check=False, timeout=60).returncode == 0:
            return candidate
    return None


def environment(name: str, python: str, packages: list[str]) -> Path:
    """The interpreter of a virtual environment with ``packages``, made on first use."""
    folder = cache() / name
    mark = folder / "packages.json"
    if not mark.exists() or json.loads(mark.read_text(encoding="utf-8")) != packages:
        print(f"making the environment {name} ...", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([python, "-m", "venv", str(folder)], check=True, timeout=300)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *packages], check=True, timeout=1800)
        mark.write_text(json.dumps(packages), encoding="utf-8")
    return folder / "bin"


def generator_cases(lexicons: Path, work: Path, peers: Path | None) -> list[Case]:
    """Cold, nothing changed, one document changed; peers beside the first."""
    ours = [sys.executable, "-m", "atdata_codegen.cli"]
    cold, warm, one = work / "cold", work / "warm" / "tree", work / "one" / "tree"
    copy = work / "lexicons"
    shutil.copytree(lexicons, copy)
    changed = copy / "app" / "bsky" / "feed" / "post.json"
    text = changed.read_text(encoding="utf-8")
    rounds = iter(range(10_000))

    def change() -> None:
        changed.write_text(text.replace("primary post content", f"primary post content {next(rounds)}"), "utf-8")

    for output, folder in ((warm, lexicons), (one, copy)):
        subprocess.run([*ours, str(folder), "-o", str(output), "-q"], check=True, timeout=300, capture_output=True)
    stamps = {path: path.stat().st_mtime_ns for path in warm.rglob("*.py*")}

    def same() -> None:
        if {path: path.stat().st_mtime_ns for path in warm.rglob("*.py*") if path in stamps} != stamps:
            raise SystemExit("a run with nothing to do touched a file")

    def fresh(*folders: Path) -> Callable[[], None]:
        def act() -> None:
            for folder in folders:
                shutil.rmtree(folder, ignore_errors=True)

        return act

    cases = [
        Case("cold", "ours, empty output", [*ours, str(lexicons), "-o", str(cold), "-q"], fresh(cold)),
        Case("nothing", "ours, nothing changed", [*ours, str(lexicons), "-o", str(warm), "-q"], same, target="150 ms"),
        Case("one", "ours, one document changed", [*ours, str(copy), "-o", str(one), "-q"], change, target="300 ms"),
        Case("check", "ours, --check", [*ours, str(lexicons), "-o", str(warm), "-q", "--check"]),
    ]
    if peers is not None:
        out = work / "peer_atproto"
        command = [str(peers / "atproto"), "gen", "--lexicon-dir", str(lexicons), "custom", "--no-client"]
        path = {"PATH": f"{peers}{os.pathsep}{os.environ['PATH']}"}
        cases.append(
            Case("atproto", "PyPI atproto, models and namespaces, no client",
                 [*command, "--output-dir", str(out), "--package", "peer_atproto"], fresh(out), path)
        )  # fmt: skip
        schemas, models = work / "schemas", work / "peer_dcg"
        subprocess.run(
            [*ours, "jsonschema", str(lexicons), "-o", str(schemas), "-q"], check=True, timeout=300, capture_output=True
        )
        command = [str(peers / "datamodel-codegen"), "--input", str(schemas), "--input-file-type", "jsonschema"]
        command += ["--output-model-type", "pydantic_v2.BaseModel", "--disable-timestamp", "--output", str(models)]
        cases.append(Case("dcg", "datamodel-code-generator on our JSON Schemas", command, fresh(models)))
    return cases


def measured(body: str, repeat: str = "1") -> str:
    """A program that prints the milliseconds of CPU time that ``body`` takes."""
    return (
        "import sys, time\nsys.path[:0] = sys.argv[1:]\nbegun = time.process_time_ns()\n"
        f"{body}\nprint((time.process_time_ns() - begun) / 1e6 / {repeat})"
    )


WALK = """
def walk(package):
    for name in getattr(package, "__all__", ()):
        value = getattr(package, name)
        if hasattr(value, "__spec__"):
            walk(value)
import tree
walk(tree)
"""

DECODE = """
import atdata
atdata.decode_schema(open({file!r}, "rb").read())
"""

UNSEEN = """
import json, sys, time
sys.path[:0] = sys.argv[1:]
import atdata
document = json.load(open({file!r}, "rb"))
document.pop("name")
take = []
for number in range(9):
    raw = json.dumps({{**document, "name": f"Unseen{{number}}T{{time.time_ns()}}"}}).encode()
    begun = time.process_time_ns()
    atdata.decode_schema(raw)
    take.append((time.process_time_ns() - begun) / 1e6)
print(sorted(take[1:])[4])
"""


def import_cases(work: Path, schema: Path) -> list[Case]:
    """What using the result costs."""
    path = [str(work / "warm"), *(str(ROOT / name) for name in ("src", "codegen", "templates"))]

    def program(text: str) -> list[str]:
        return [sys.executable, "-c", text, *path]

    empty = {"XDG_CACHE_HOME": str(work / "no-cache")}

    def forget() -> None:
        shutil.rmtree(work / "no-cache", ignore_errors=True)

    code = DECODE.format(file=str(schema))
    return [
        Case("import-one", "import of one record module (app.bsky.feed.post), beyond the interpreter",
             program(measured("import tree.app.bsky.feed.post")), target="30 ms", printed=True),
        Case("import-root", "import of the root package", program(measured("import tree")), printed=True),
        Case("import-all", "import of every module of the tree", program(measured(WALK)), printed=True),
        Case("decode-first", "decode of an unseen sample schema as a process's first act, numpy's import included",
             program(measured(code)), target="100 ms", printed=True),
        Case("decode-first-cold", "the same with no compiled templates in the cache",
             program(measured(code)), forget, empty, printed=True),
        Case("decode-next", "decode of an unseen sample schema once templates are loaded",
             program(UNSEEN.format(file=str(schema))), target="5 ms", printed=True),
    ]  # fmt: skip


#: Without these, glibc returns a large buffer to the system after each sample or not, by the accident of where the
#: heap ends; that costs 80 us of page faults, to either side, and is no property of the code.
STEADY = {
    "MALLOC_TRIM_THRESHOLD_": str(1 << 30),
    "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
    "MALLOC_TOP_PAD_": str(1 << 24),
}

SAMPLES = {
    "tiny": ("label: str\n    index: int", "label='cat', index=7"),
    "embedding": ("embedding: NDArray\n    text: str", "embedding=np.ones(512, np.float32), text='some words'"),
    "image": ("image: NDArray\n    label: str", "image=np.ones((224, 224, 3), np.uint8), label='cat'"),
}

PACK = """
import sys, time
sys.path[:0] = sys.argv[1:]
import numpy as np
from numpy.typing import NDArray
import atdata

@atdata.packable
class Sample:
    {fields}

sample = Sample({values})
data = sample.packed

def timed(act):
    count, best = 50, []
    for _ in range(9):
        begun = time.process_time_ns()
        for _ in range(count):
            act()
        best.append((time.process_time_ns() - begun) / count / 1e6)
        count = max(50, int(20 / max(best[-1], 1e-5)))
    return sorted(best[2:])[3]

print(timed(lambda: {act}))
"""


def sample_cases() -> list[Case]:
    """Pack and unpack of one sample, beside PyPI's atdata, both on its Python."""
    python = python_of(UPSTREAM_PYTHON)
    if python is None:
        print(f"Python {UPSTREAM_PYTHON} is not here: no comparison with PyPI's atdata", file=sys.stderr)
        return []
    theirs = environment("upstream", python, PEERS["upstream"])
    ours = environment("ours", python, ["numpy", "ormsgpack", "jinja2", "webdataset"])
    path = [str(ROOT / name) for name in ("src", "codegen", "templates")]
    cases = []
    for kind, (fields, values) in SAMPLES.items():
        for act, code in (("pack", "sample.packed"), ("unpack", "Sample.from_bytes(data)")):
            text = PACK.format(fields=fields, values=values, act=code)
            for who, where, extra in (("ours", ours, path), ("upstream", theirs, [])):
                command = [str(where / "python"), "-c", text, *extra]
                cases.append(Case(f"{act}-{kind}-{who}", f"{act} {kind}, {who}", command, env=STEADY, printed=True))
    return cases


def peer_imports(work: Path, peers: Path | None) -> list[str]:
    """Whether what each peer wrote can be imported at all."""
    said = []
    for name, what in (("peer_atproto.models", "atproto"), ("peer_dcg", "datamodel-code-generator")):
        folder = work / name.partition(".")[0]
        if peers is None or not folder.exists():
            continue
        modules = [
            ".".join(path.relative_to(work).with_suffix("").parts).removesuffix(".__init__")
            for path in sorted(folder.rglob("*.py"))
        ]
        names = [name] if "." in name else modules
        code = (
            "import importlib, sys, time\nsys.path.insert(0, sys.argv[1])\nbad = []\nbegun = time.process_time()\n"
            "for name in sys.argv[2:]:\n try: importlib.import_module(name)\n"
            " except Exception as error: bad.append(f'{name}: {type(error).__name__}: {error}'[:120])\n"
            "print(len(sys.argv) - 2, len(bad), round(time.process_time() - begun, 2), bad[:1])"
        )
        done = subprocess.run(
            [str(peers / "python"), "-c", code, str(work), *names],
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )
        said.append(f"{what}: {done.stdout.strip() or done.stderr.strip()[-200:]}")
    return said


def machine() -> dict[str, str]:
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.partition(":")[2].strip() for line in info.read_text("utf-8").splitlines() if "model name" in line
        ]
        model = names[0] if names else model
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    return {
        "cpu": model,
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),  # noqa: UP017
        "commit": commit.stdout.strip(),
    }


def shown(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1e3:.1f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.1f} us"


def report(cases: list[Case], imports: list[str], documents: int) -> str:
    facts = machine()
    lines = [
        "# The generator's benchmark",
        "",
        f"{facts['date']}, commit {facts['commit']}: {facts['cpu']}, {facts['cores']} cores, Python {facts['python']}; "
        f"{documents} Lexicon documents. CPU time (user and system, children included), medians of "
        f"{max(len(case.cpu) for case in cases)} interleaved runs. `make bench-gen` makes this file.",
        "",
        "| what | CPU | lowest to highest | target |",
        "|---|---|---|---|",
    ]
    for case in cases:
        if case.failed or not case.cpu:
            lines.append(f"| {case.what} | failed: {case.failed.replace('|', ' ')} | | {case.target} |")
        else:
            spread = f"{shown(min(case.cpu))} to {shown(max(case.cpu))}"
            lines.append(f"| {case.what} | {shown(statistics.median(case.cpu))} | {spread} | {case.target} |")
    if imports:
        lines += ["", "Does what a peer wrote import? (modules tried, failures, CPU seconds, first failure)", ""]
        lines += [f"- {line}" for line in imports]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="names of cases, or their beginnings, with commas")
    parser.add_argument("--lexicons", type=Path, default=CORPUS)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--no-write", action="store_true", help="print the table, leave benchmarks/ alone")
    options = parser.parse_args()
    if not options.lexicons.is_dir():
        raise SystemExit("the 402 documents of bluesky-social/atproto are needed: give their folder with --lexicons")
    peers = None if options.no_peers else environment("gen", sys.executable, PEERS["gen"])
    with tempfile.TemporaryDirectory(prefix="atdata-bench-") as folder:
        work = Path(folder)
        cases = generator_cases(options.lexicons, work, peers)
        cases += import_cases(work, ROOT / "lexicons" / "samples" / "image_sample.json")
        cases += [] if options.no_peers else sample_cases()
        wanted = tuple(options.only.split(","))
        cases = [case for case in cases if case.name.startswith(wanted)]
        for number in range(options.rounds):
            for case in cases:
                print(f"\r{number + 1}/{options.rounds} {case.name}\033[K", end="", file=sys.stderr, flush=True)
                run(case)
        print("\r\033[K", end="", file=sys.stderr)
        imports = peer_imports(work, peers)
    text = report(cases, imports, len(list(options.lexicons.rglob("*.json"))))
    print(text)
    if not options.no_write:
        here = Path(__file__).parent
        (here / "gen.md").write_text(text, encoding="utf-8")
        figures = {case.name: {"what": case.what, "cpu": case.cpu, "wall": case.wall} for case in cases}
        whole = {"machine": machine(), "cases": figures, "imports": imports}
        (here / "gen.json").write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
