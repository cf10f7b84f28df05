"""Copies the sources with the faults of faults.txt planted, and finds out which test catches each.

    plant.py copy SOURCE TARGET     the tree at SOURCE, with the faults, at TARGET
    plant.py run SOURCE BUILD [NUMBER ...]
                                    of BUILD, the test that is to catch each fault, or those of the numbers
    plant.py search SOURCE BUILD [NUMBER ...]
                                    which test catches it: all are tried until one fails

The exit code of `run` is 0 only if the tests pass without a fault, and each fault is caught.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

COPIED = ("engine", "storage", "sync", "tests", ".cmake")
ROOT_FILES = ("CMakeLists.txt", "CMakePresets.json", "README.md")
SWITCH = "tests/planted/planted.hpp"

# What does not end in time is caught, too.
TIMEOUT_S = 120
# Where `search` looks, the quick programs first.
SLOW_STORAGE = "Crash.*:DiskFault.*:PowerCut*:*Threads*:ReplacedFile*:IdentityPower*:IdentityHistories*"
STEPS = (
    ("engine_tests", "--gtest_filter=-*Threads*"),
    ("histories", "--engine", "--count", "4000", "--no-shrink"),
    ("histories", "--count", "400", "--no-shrink"),
    ("property_tests",),
    ("storage_tests", f"--gtest_filter=-{SLOW_STORAGE}"),
    ("sync_tests", "--gtest_filter=-*Threads*"),
    ("storage_tests", "--gtest_filter=PowerCut*:Identity*:Crash.*"),
    ("oracle_tests", "--gtest_filter=-*Threads*"),
    ("storage_tests", "--gtest_filter=DiskFault.*:ReplacedFile*"),
)


@dataclass
class Fault:
    number: int
    name: str
    about: str
    file: str
    find: str
    plant: str
    by: str


def read_faults(path):
    faults = []
    for line in path.read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if not line.startswith("  "):
            name, _, about = line.partition(":")
            faults.append(Fault(len(faults) + 1, name, about.strip(), "", "", "", ""))
        else:
            key, _, text = line.strip().partition(" ")
            setattr(faults[-1], key, text.strip())
    return faults


def planted(root, faults):
    """The changed files by their paths."""
    texts = {}
    for fault in faults:
        text = texts.get(fault.file) or (root / fault.file).read_text()
        if text.count(fault.find) != 1:
            sys.exit(f"{fault.name}: {fault.file} has {text.count(fault.find)} times: {fault.find}")
        change = fault.plant.replace("PLANTED", f"planted::on({fault.number})")
        texts[fault.file] = text.replace(fault.find, change)
    return {path: f'#include "{os.path.relpath(SWITCH, os.path.dirname(path))}"\n{text}'
            for path, text in texts.items()}


def copy(root, target):
    changed = planted(root, read_faults(root / "tests/planted/faults.txt"))
    files = [path for folder in COPIED for path in (root / folder).rglob("*") if path.is_file()]
    for path in files + [root / name for name in ROOT_FILES]:
        relative = path.relative_to(root)
        text = changed.get(str(relative), "").encode() or path.read_bytes()
        place = target / relative
        # What has not changed keeps its time, so that it is not compiled again.
        if not place.exists() or place.read_bytes() != text:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(text)


def failure(build, program, arguments, number):
    """How the program fails with the fault: the first failing test's name, or None."""
    with tempfile.TemporaryDirectory() as state:
        environment = dict(os.environ, RILL_PLANT=str(number), XDG_STATE_HOME=state, GTEST_BRIEF="1",
                           GTEST_FAIL_FAST="1")
        command = [str(build / "tests" / program), *arguments]
        try:
            done = subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace",
                                  timeout=TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired:
            return "does not end"
    if done.returncode == 0:
        return None
    failed = [line for line in done.stdout.splitlines() if "[  FAILED  ]" in line]
    return failed[0].split("]")[1].split("(")[0].strip().rstrip(",") if failed else "fails"


def catcher(fault):
    """The program and the arguments of the test that is to catch the fault."""
    program, _, rest = fault.by.partition(" ")
    return program, rest.split() if rest.startswith("--") else [f"--gtest_filter={rest}"]


def show(fault, begin, what):
    print(f"{fault.number:3} {fault.name:36} {time.monotonic() - begin:6.1f} s  {what}", flush=True)


def run(build, faults):
    for by in sorted({fault.by for fault in faults}):
        program, arguments = catcher(next(fault for fault in faults if fault.by == by))
        wrong = failure(build, program, arguments, 0)
        if wrong:
            sys.exit(f"without a fault: {by}: {wrong}")
    missed = 0
    for fault in faults:
        begin = time.monotonic()
        caught = failure(build, *catcher(fault), fault.number)
        missed += caught is None
        show(fault, begin, caught or f"NOT CAUGHT by {fault.by}")
    print(f"{len(faults) - missed} of {len(faults)} planted faults caught")
    return missed


def search(build, faults):
    missed = 0
    for fault in faults:
        begin = time.monotonic()
        for program, *arguments in STEPS:
            caught = failure(build, program, arguments, fault.number)
            if caught:
                break
        missed += caught is None
        show(fault, begin, f"by  {program} {caught}" if caught else "NOT CAUGHT")
    return missed


def main():
    command, root, place, *rest = sys.argv[1:]
    root, place = pathlib.Path(root), pathlib.Path(place)
    if command == "copy":
        return copy(root, place)
    faults = read_faults(root / "tests/planted/faults.txt")
    numbers = {int(number) for number in rest}
    chosen = [fault for fault in faults if not numbers or fault.number in numbers]
    return (search if command == "search" else run)(place, chosen)


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
