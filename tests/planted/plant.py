"""Copies the sources with the faults of faults.txt planted, and finds out which test catches each.

    plant.py copy SOURCE TARGET     the tree at SOURCE, with the faults, at TARGET
    plant.py run SOURCE BUILD [NUMBER ...]
                                    the tests of BUILD against all faults, or those of the numbers

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
ROOT_FILES = ("CMakeLists.txt", "README.md")

# Programs with their arguments, the quick ones first. What times out is caught, too.
TIMEOUT_S = 300
SLOW_STORAGE = "Crash.*:DiskFault.*:PowerCut*:*Threads*:ReplacedFile*:IdentityPower*:IdentityHistories*"
STEPS = (
    ("engine_tests", "--gtest_brief=1", "--gtest_filter=-*Threads*"),
    ("property_tests", "--gtest_brief=1"),
    ("histories", "--count", "400"),
    ("oracle_tests", "--gtest_brief=1", "--gtest_filter=-*Threads*"),
    ("storage_tests", "--gtest_brief=1", f"--gtest_filter=-{SLOW_STORAGE}"),
    ("sync_tests", "--gtest_brief=1", "--gtest_filter=-*Threads*"),
    ("storage_tests", "--gtest_brief=1", f"--gtest_filter={SLOW_STORAGE}"),
)


@dataclass
class Fault:
    number: int
    name: str
    about: str
    file: str
    find: str
    plant: str


def read_faults(path):
    faults = []
    for line in path.read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if not line.startswith("  "):
            name, _, about = line.partition(":")
            faults.append(Fault(len(faults) + 1, name, about.strip(), "", "", ""))
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
    return texts


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


def catcher(build, number):
    """The test that fails with the fault, or None."""
    with tempfile.TemporaryDirectory() as state:
        environment = dict(os.environ, RILL_PLANT=str(number), XDG_STATE_HOME=state)
        for program, *arguments in STEPS:
            command = [str(build / "tests" / program), *arguments]
            try:
                done = subprocess.run(command, env=environment, capture_output=True, text=True,
                                      errors="replace", timeout=TIMEOUT_S, check=False)
            except subprocess.TimeoutExpired:
                return f"{program}: does not end"
            if done.returncode != 0:
                failed = [line for line in done.stdout.splitlines() if "[  FAILED  ]" in line]
                which = failed[0].split("]")[1].split("(")[0].strip() if failed else "fails"
                return f"{program}: {which}"
    return None


def run(root, build, numbers):
    faults = read_faults(root / "tests/planted/faults.txt")
    planted(root, faults)
    wrong = catcher(build, 0)
    if wrong:
        sys.exit(f"without a fault: {wrong}")
    chosen = [fault for fault in faults if not numbers or fault.number in numbers]
    missed = 0
    for fault in chosen:
        begin = time.monotonic()
        caught = catcher(build, fault.number)
        missed += caught is None
        print(f"{fault.number:3} {fault.name:36} {time.monotonic() - begin:6.1f} s  "
              f"{caught or 'NOT CAUGHT'}", flush=True)
    print(f"{len(chosen) - missed} of {len(chosen)} planted faults caught")
    sys.exit(1 if missed else 0)


def main():
    command, root, place, *rest = sys.argv[1:]
    if command == "copy":
        copy(pathlib.Path(root), pathlib.Path(place))
    else:
        run(pathlib.Path(root), pathlib.Path(place), {int(number) for number in rest})


if __name__ == "__main__":
    main()
