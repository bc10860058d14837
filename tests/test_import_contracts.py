"""Import contracts: which package may import which, and which processes may load torch or textual."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def run_python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_import_contracts_hold() -> None:
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


MAY_IMPORT = {
    "torch": ("policies/", "learning/", "runs/checkpoint.py", "worker/launcher.py", "worker/session/"),
    "textual": ("app/",),
    "transformers": ("policies/networks/",),
    "peft": ("policies/networks/",),
    "tokenizers": ("tokenizers/subword.py",),
    "plotext": ("app/drawing/line_chart.py",),
    "matplotlib": ("export/pdf.py",),
    "mlflow": ("trackers/mlflow.py",),
    "trackio": ("trackers/trackio.py",),
    "tensorboard": ("trackers/tensorboard.py",),
    "ray": ("cluster/ray_cluster.py", "cluster/ray_tasks.py"),
    "reasoning_gym": ("rewards/python/gym_scoring.py",),
    "scipy": ("experiments/statistics/",),
}


@pytest.mark.exhaustive
@pytest.mark.parametrize("package", MAY_IMPORT)
def test_only_these_files_import(package: str) -> None:
    """Indirect imports are allowed here; the tests below measure what a process loads."""
    importers = {
        path.relative_to(ROOT / "pgplay").as_posix()
        for path in (ROOT / "pgplay").rglob("*.py")
        if package in imported_packages(path)
    }
    assert importers
    assert {path for path in importers if not path.startswith(MAY_IMPORT[package])} == set()


def imported_packages(path: Path) -> set[str]:
    """Return the top-level packages that a file imports anywhere, also in functions, except for type checking only."""
    found: set[str] = set()
    waiting: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            waiting += node.orelse
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
        waiting += ast.iter_child_nodes(node)
    return found


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("pgplay", "torch textual msgspec rich"),
        ("pgplay.cli", "torch textual rich"),
        ("pgplay.cli.commands.train", "torch textual rich"),
        ("pgplay.app.app", "torch ray"),
        ("pgplay.worker.client.client", "torch textual"),
        ("pgplay.experiments.statistics.pairs", "torch scipy numpy"),
        ("pgplay.learning.plan", "torch textual transformers tokenizers"),
        ("pgplay.runs.store", "torch textual"),
        ("pgplay.library.policies", "torch textual"),
        ("pgplay.rewards.reward", "torch textual"),
        ("pgplay.tasks.load", "torch textual"),
        ("pgplay.trl.export", "torch textual transformers trl"),
        ("pgplay.cluster.cluster", "torch textual ray"),
        ("pgplay.cli.commands.sweep", "torch textual ray"),
        ("pgplay.trackers.copying", "torch textual tensorboard mlflow trackio"),
    ],
)
def test_module_loads_without(module: str, absent: str) -> None:
    code = f"import sys, {module}; print([name for name in {absent.split()} if name in sys.modules])"
    assert run_python(code).strip() == "[]"


@pytest.mark.parametrize(
    "words", ["--help", "train --help", "bench --help", "--version", "algorithms", "rewards", "presets", "runs"]
)
def test_command_loads_neither_torch_nor_textual(words: str) -> None:
    code = (
        "import io, sys, contextlib; from pgplay.cli import main\n"
        f"with contextlib.redirect_stdout(io.StringIO()): status = main({words.split()})\n"
        "print(status, [name for name in ('torch', 'textual', 'ray') if name in sys.modules])"
    )
    assert run_python(code).strip() == "0 []"


OPENS_A_STORE = (
    *("list_runs", "delete_run", "find_run", "summary_of", "RunStore", "all_checkpoints", "checkpoint_step"),
    *("list_policies", "shipped_policies", "rename_policy", "delete_policy", "find_policy", "load_policy"),
    *("export_policy", "import_policy"),
)


def test_the_app_reaches_policies_and_runs_only_through_its_libraries() -> None:
    """Screens get a PolicyLibrary, a RunLibrary or a RunReader, so the stores may be on another machine."""
    openers = []
    for path in (ROOT / "pgplay" / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            imported = {alias.name for alias in node.names} if isinstance(node, ast.ImportFrom) else set()
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if imported & set(OPENS_A_STORE) or called in ("DatabaseReader", "DatabaseReader.open"):
                openers.append(f"{path.name}:{node.lineno}")
    assert openers == []
