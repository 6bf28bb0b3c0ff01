#!/usr/bin/env python3
"""Runs what the documentation shows against a demonstration that is served: `bin/check-docs` calls it.

Input: the address of the demonstration, and Markdown pages. The blocks of a page that are marked as `sh` are run from top to
bottom in one shell, so variables carry over; http://127.0.0.1:8080 is replaced by the address. It is a failure

- when a command fails,
- when curl gets a status from 400 on which neither the block nor the output shown below it names,
- when a block of `json` or `text` that follows immediately, which is what the page shows as the output, is not what was printed.

Names and words of the output have to be as shown; where digits are shown (ids, times, amounts), and for "…", there may be
others. More than is shown may come. Comments, which nobody sees in the rendered page, stand before blocks that are special:

    <!-- not run: WHY -->
    <!-- stopped after 6 seconds -->    what goes on for ever
    <!-- saved as FILE -->              is there before the first block is run
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ADDRESS = "http://127.0.0.1:8080"
LONGEST = 300  # seconds for a page

# Stands before the real curl: notes the statuses of each answer, and stops what goes on for ever.
CURL = """#!/usr/bin/env bash
heads=$(mktemp)
"$CHECK_CURL" --dump-header "$heads" ${CHECK_SECONDS:+--max-time "$CHECK_SECONDS"} "$@"
code=$?
sed -n "s/^HTTP[^ ]* \\([0-9]*\\).*/$CHECK_BLOCK \\1/p" "$heads" >> "$CHECK_STATUSES"
rm -f "$heads"
if [ -n "$CHECK_SECONDS" ] && [ $code -eq 28 ]; then code=0; fi
exit $code
"""


@dataclass
class Block:
    line: int
    language: str
    marker: str
    text: str = ""
    shown: "Block | None" = None

    def runs(self):
        return self.language == "sh" and not self.marker.startswith("not run: ")

    def marked(self, pattern):
        match = re.fullmatch(pattern, self.marker)
        return match and match.group(1)


def blocks_of(page):
    """The fenced blocks of a page; of the output that is shown, the block that shows it. Problems: lines nobody would run."""
    blocks, problems, last, block = [], [], "", None
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if block is None and (fence := re.fullmatch(r"```(\w+)", line)):
            comment = re.fullmatch(r"<!-- (.*) -->", last)
            block = Block(number, fence.group(1), comment.group(1) if comment else "")
            if last == "```" and block.language in ("json", "text") and blocks[-1].runs():
                blocks[-1].shown = block
        elif block and line == "```":
            blocks.append(block)
            block = None
        elif block:
            block.text += line + "\n"
        elif re.match(r" {4}.*\b(curl|entrepot) ", line):
            problems.append(f"line {number}: not run, since it stands in no block of `sh`: {line.strip()}")
        if line.strip():
            last = line
    return blocks, problems


def is_part(shown, given):
    """Whether a JSON value has all that is shown, digits aside."""
    if isinstance(shown, dict):
        return isinstance(given, dict) and all(name in given and is_part(shown[name], given[name]) for name in shown)
    if isinstance(shown, list):
        return isinstance(given, list) and len(shown) <= len(given) and all(map(is_part, shown, given))
    if isinstance(shown, str):
        return isinstance(given, str) and (has_digit(shown) or pattern_of(shown).fullmatch(given) is not None)
    if isinstance(shown, bool) or shown is None:
        return shown is given
    return isinstance(given, (int, float)) and not isinstance(given, bool)


def has_digit(text):
    return re.search(r"\d", text) is not None


def pattern_of(line):
    """Words as they are, a word with a digit as any word, "…" as anything."""
    words = re.split(r"(\s+|…)", line.strip())
    return re.compile("".join(
        ".*" if word == "…" else r"\s+" if word.isspace() else r"\S+" if has_digit(word) else re.escape(word) for word in words))


def documents_of(printed):
    """The JSON values in a text, whatever stands between them."""
    decoder, position = json.JSONDecoder(), 0
    while (start := printed.find("{", position)) >= 0:
        try:
            value, position = decoder.raw_decode(printed, start)
            yield value
        except ValueError:
            position = start + 1


def difference(block, printed):
    """What is shown and was not printed, or None."""
    if block.shown is None:
        return None
    if block.shown.language == "json":
        shown = json.loads(block.shown.text)
        return None if any(is_part(shown, given) for given in documents_of(printed)) else "the document shown below was not printed"
    lines = iter(printed.splitlines())
    for line in filter(None, block.shown.text.splitlines()):
        if not any(pattern_of(line).fullmatch(given.strip()) for given in lines):
            return f"not printed, or not in this order: {line}"
    return None


def script_of(blocks, folder, url):
    """The page as a program, which notes in the file `begun` how far it has come."""
    script = "set -euo pipefail\n"
    for number, block in enumerate(blocks):
        if block.runs():
            seconds = block.marked(r"stopped after (\d+) seconds") or ""
            script += f"echo {number} >> {folder}/begun\nexec > {folder}/{number} 2> {folder}/{number}.err\n"
            script += f"export CHECK_BLOCK={number} CHECK_SECONDS={seconds}\n" + block.text.replace(ADDRESS, url) + "\n"
    return script + f"echo end >> {folder}/begun\n"


def failures_of(page, url):
    blocks, problems = blocks_of(page)
    if not any(block.runs() for block in blocks):
        return 0, problems
    # Whom a private Postgres runs as must be able to reach what a page makes.
    work = Path(tempfile.mkdtemp(prefix="check-docs-"))
    work.chmod(0o755)
    try:
        return sum(block.runs() for block in blocks), problems + run(page, blocks, work, url)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def run(page, blocks, work, url):
    folder, shell = work / ".check", work / "checkout"
    folder.mkdir()
    shell.mkdir()
    for entry in Path.cwd().iterdir():
        if entry.name != "data":
            (shell / entry.name).symlink_to(entry)
    for block in blocks:
        if name := block.marked(r"saved as (\S+)"):
            (shell / name).write_text(block.text)
    (folder / "curl").write_text(CURL)
    (folder / "curl").chmod(0o755)
    (folder / "script").write_text(script_of(blocks, folder, url))
    (folder / "begun").write_text("")
    (folder / "statuses").write_text("")
    environment = os.environ | {
        "PATH": f"{folder}:{os.environ['PATH']}", "CHECK_CURL": shutil.which("curl"), "CHECK_STATUSES": str(folder / "statuses")}
    problems = []
    with subprocess.Popen(["bash", folder / "script"], cwd=shell, env=environment, stdin=subprocess.DEVNULL,
                          start_new_session=True) as process:
        try:
            process.wait(LONGEST)
        except subprocess.TimeoutExpired:
            problems.append(f"took longer than {LONGEST} seconds")
        end(process.pid)
    statuses = [line.split() for line in (folder / "statuses").read_text().splitlines()]
    begun = (folder / "begun").read_text().split()
    for number, block in enumerate(blocks):
        if str(number) not in begun:
            continue
        printed = (folder / str(number)).read_text(errors="replace")
        found = []
        if begun[-1] == str(number):
            found.append("a command failed, or did not end")
        announced = block.text + (block.shown.text if block.shown else "")
        found += [f"status {status}, of which the page says nothing" for where, status in statuses
                  if where == str(number) and int(status) >= 400 and not re.search(rf"\b{status}\b", announced)]
        if not found and (missing := difference(block, printed)):
            found.append(missing)
        if found:
            errors = (folder / f"{number}.err").read_text(errors="replace")
            problems.append("\n".join([f"line {block.line}: " + "; ".join(found), block.text, (printed + errors)[-3000:]]))
    return problems


def end(group):
    """Ends what the page has left running: servers as Ctrl-C does, so that they stop their databases, others at once."""
    try:
        os.killpg(group, signal.SIGINT)
        for _ in range(100):
            time.sleep(0.1)
            os.killpg(group, 0)
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass


def main(url, pages):
    failed = False
    for page in map(Path, pages):
        count, problems = failures_of(page, url)
        if count or problems:
            print(f"{page}: {count} blocks run, {len(problems)} failures", flush=True)
        for problem in problems:
            print("    " + problem.replace("\n", "\n    "), flush=True)
        failed = failed or bool(problems)
    sys.exit(failed)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
