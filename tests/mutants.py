#!/usr/bin/env python3
"""Changes the sources in small ways, one at a time, and counts how many of the changes the tests notice.

    tests/mutants.py [--count N] [--seed S] [--folder FOLDER] [FILE ...]

Mutants are drawn from engine/src and from the part of storage/src that applies what a peer sends, or from FILEs. Each is
compiled in a copy of the sources (those that the compiler refuses or warns of are skipped) and the quick tests run until
one fails: killed. The last lines are the score, and a diff of each survivor. Not part of CI: a mutant takes 10 seconds, a
survivor 3 minutes.
"""

import argparse
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parent.parent
COPIED = ("engine", "storage", "sync", "tests", ".cmake")
ROOT_FILES = ("CMakeLists.txt", "CMakePresets.json", "README.md")
APPLY_PATH = (
    "apply change_reader extract inbox interner new_rows row_expansion row_meta row_sources row_store unknown_rows "
    "text/cells text/merge text/news clock_row author identity"
).split()

TIMEOUT_S = 300
SLOW_STORAGE = "Crash.*:DiskFault.*:PowerCut*:*Threads*:ReplacedFile*:IdentityPower*:IdentityHistories*:Damage*"
ENGINE = (
    ("engine_tests", "--gtest_filter=-*Threads*:TextTraces*"),
    ("histories", "--engine", "--count", "4000", "--no-shrink"),
    ("histories", "--count", "200", "--no-shrink"),
    ("property_tests",),
    ("oracle_tests", "--gtest_filter=*TextHistories*"),
)
STORAGE = (
    ("histories", "--count", "200", "--no-shrink"),
    ("storage_tests", f"--gtest_filter=-{SLOW_STORAGE}"),
    ("oracle_tests", "--gtest_filter=-*Threads*"),
    ("storage_tests", "--gtest_filter=Crash.*:IdentityPower*:IdentityHistories*:Damage*:Observe*"),
)

# (name, what is found, what stands in its place)
OPERATORS = [
    ("bound", r" < ", " <= "),
    ("bound", r" <= ", " < "),
    ("bound", r" > ", " >= "),
    ("bound", r" >= ", " > "),
    ("order", r" < ", " > "),
    ("order", r" > ", " < "),
    ("equality", r" == ", " != "),
    ("equality", r" != ", " == "),
    ("logic", r" && ", " || "),
    ("logic", r" \|\| ", " && "),
    ("negation", r"\bif \((?!const|auto|!)(.*)\) ", r"if (!(\1)) "),
    ("negation", r"\bif \(!([\w.>()-]+)\)", r"if (\1)"),
    ("negation", r"return !", "return "),
    ("off by one", r" \+ 1\b", ""),
    ("off by one", r" - 1\b", ""),
    ("off by one", r"(\w|\)) - (\w)", r"\1 - 1 - \2"),
    ("arithmetic", r" \+ ", " - "),
    ("arithmetic", r" \+= ", " -= "),
    ("increment", r"\+\+(\w+)", r"\1"),
    ("constant", r"\btrue\b", "false"),
    ("constant", r"\bfalse\b", "true"),
    ("constant", r"([(, =])0([,);])", r"\g<1>1\2"),
    ("constant", r"([(, =])1([,);])", r"\g<1>0\2"),
    ("extreme", r"std::max\b", "std::min"),
    ("extreme", r"std::min\b", "std::max"),
    ("quantifier", r"any_of\b", "all_of"),
    ("quantifier", r"all_of\b", "any_of"),
    ("quantifier", r"lower_bound\b", "upper_bound"),
    ("removed statement", r"^(\s+)(?!return|throw|using|case|static|const|auto|std::\w+ )[\w.:>()*-]+\(.*\);$", r"\1;"),
    ("removed statement", r"^(\s+)[\w.>-]+ [|&+-]?= .*;$", r"\1;"),
    ("removed statement", r"\b(continue|break);", ";"),
    ("removed statement", r"^(\s+if \(.*\)) (return|continue|throw)\b.*;$", r"\1 {}"),
    ("swapped arguments", r"(\w+\()(\w+), (\w+)\)", r"\1\3, \2)"),
]


@dataclass
class Mutant:
    file: str
    line: int  # from 0
    operator: str
    before: str
    after: str


def default_files():
    files = sorted((ROOT / "engine/src").rglob("*.cpp"))
    return files + [ROOT / f"storage/src/{name}.cpp" for name in APPLY_PATH]


def code_of(line):
    """The line without its comment; empty for a line that is none of the program's own."""
    if re.match(r"\s*(//|#|template|static_assert|assert|namespace|using|\"|throw |.*\bthrow |.*\.reserve\(|require)", line):
        return ""
    return re.sub(r"\s+//.*$", "", line)


def mutants_of(path):
    relative = str(path.relative_to(ROOT))
    for number, line in enumerate(path.read_text().splitlines()):
        code = code_of(line)
        for name, find, replacement in OPERATORS:
            for match in re.finditer(find, code):
                if code[: match.start()].count('"') % 2 == 1:
                    continue  # inside of a string
                after = code[: match.start()] + match.expand(replacement) + code[match.end():]
                if after != code:
                    yield Mutant(relative, number, name, line, after)


def copy_tree(target):
    files = [path for folder in COPIED for path in (ROOT / folder).rglob("*") if path.is_file()]
    for path in files + [ROOT / name for name in ROOT_FILES]:
        place = target / path.relative_to(ROOT)
        if not place.exists() or place.read_bytes() != path.read_bytes():
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)


class Bench:
    """A copy of the sources with a build of its own, laid out and made as the dev build is, so that both share ccache."""

    def __init__(self, folder):
        self.source = folder
        self.build = folder / "build/dev"
        copy_tree(self.source)
        subprocess.run(["cmake", "--preset", "dev", "-DRILL_BUILD_DEMO=OFF", "-DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=gold"],
                       cwd=self.source, check=True, stdout=subprocess.DEVNULL)

    def make(self, *targets, check=False):
        environment = dict(os.environ, CCACHE_BASEDIR=str(self.source), CCACHE_NOHASHDIR="1")
        done = subprocess.run(["cmake", "--build", self.build, "-j", "2", "--target", *targets], env=environment,
                              capture_output=True, text=True, check=False)
        if check and done.returncode != 0:
            sys.exit(done.stdout)
        return done.returncode == 0

    def killer(self, steps):
        """The first test that fails, or None."""
        with tempfile.TemporaryDirectory() as state:
            environment = dict(os.environ, XDG_STATE_HOME=state, GTEST_BRIEF="1", GTEST_FAIL_FAST="1",
                               RC_PARAMS="seed=1")
            for program, *arguments in steps:
                self.make(program, check=True)
                failed = self.failure(program, arguments, environment)
                if failed:
                    return f"{program}: {failed}"
        return None

    def failure(self, program, arguments, environment):
        with subprocess.Popen([self.build / "tests" / program, *arguments], env=environment, text=True,
                              errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              preexec_fn=lambda: os.nice(1)) as process:
            try:
                output, _ = process.communicate(timeout=TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                return "does not end"
        if process.returncode == 0:
            return None
        if process.returncode < 0:
            return signal.Signals(-process.returncode).name
        lines = [line for line in output.splitlines() if "[  FAILED  ]" in line]
        return lines[0].split("]")[1].split("(")[0].strip() if lines else "fails"

    def outcome(self, mutant):
        """killed, survived or not viable, and by what."""
        place = self.source / mutant.file
        original = place.read_text()
        lines = original.splitlines(keepends=True)
        lines[mutant.line] = mutant.after + "\n"
        place.write_text("".join(lines))
        try:
            layer = mutant.file.split("/")[0]
            if not self.make(f"rill_{layer}"):
                return "not viable", ""
            killer = self.killer(ENGINE + STORAGE if layer == "engine" else STORAGE)
            return ("killed", killer) if killer else ("survived", "")
        finally:
            place.write_text(original)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=60, help="viable mutants to try (60)")
    parser.add_argument("--seed", type=int, default=1, help="of the sample (1)")
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / "build/mutants")
    parser.add_argument("--no-baseline", action="store_true", help="the tests are known to pass")
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    chosen = parser.parse_args()
    files = [path.resolve() for path in chosen.files] or default_files()
    mutants = [mutant for path in files for mutant in mutants_of(path)]
    random.Random(chosen.seed).shuffle(mutants)
    bench = Bench(chosen.folder.resolve())
    killer = None if chosen.no_baseline else bench.killer(ENGINE + STORAGE)
    if killer:
        sys.exit(f"without a mutant: {killer}")

    print(f"{len(mutants)} mutants of {len(files)} files", flush=True)
    survivors, killed = [], 0
    for mutant in mutants:
        if killed + len(survivors) == chosen.count:
            break
        begin = time.monotonic()
        result, by = bench.outcome(mutant)
        killed += result == "killed"
        if result == "survived":
            survivors.append(mutant)
        print(f"{result:10} {time.monotonic() - begin:5.0f} s  {mutant.file}:{mutant.line + 1} {mutant.operator}"
              f"{' by ' + by if by else ''}", flush=True)
    for mutant in survivors:
        print(f"\n{mutant.file}:{mutant.line + 1} {mutant.operator}\n-{mutant.before}\n+{mutant.after}")
    viable = killed + len(survivors)
    print(f"{killed} of {viable} viable mutants killed ({100 * killed / max(1, viable):.0f} %)")


if __name__ == "__main__":
    main()
