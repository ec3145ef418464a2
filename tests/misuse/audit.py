#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The audit as a tool: exit statuses, suppressions, baselines, SARIF, run --check.

usage: audit.py MAPLEDGER SHIM DEMO

SARIF is validated (with python3-jsonschema) against sarif.schema.json, which has the
standard's rules for the parts that are written, and allows nothing else (OASIS SARIF
2.1.0, chapters 3.13 to 3.60). ML_SARIF_SCHEMA names a copy of the whole official
schema, to be used as well.
"""

import json
import os
import re
import sys
import tempfile
from pathlib import Path
import checking
from checking import Tool, check


class Auditor(Tool):
    def __init__(self, mapledger, shim, demo, folder):
        super().__init__(mapledger, shim, folder)
        self.demo = os.path.abspath(demo)

    def record(self, name):
        ledger = Path(self.folder) / f"{name}.mlg"
        self("run", "-q", "--on-crash=quiet", "--force", "-o", ledger, self.demo, name)
        return ledger


def exit_statuses(tool):
    loud, quiet = tool.record("fixed-clobber"), tool.record("guard-region")
    run = lambda *options: tool("audit", *options).returncode
    check("an error makes the status 1", run(loud) == 1)
    check("... also with --fail-on error", run("--fail-on", "error", loud) == 1)
    check("... not with --fail-on never", run("--fail-on", "never", loud) == 0)
    check("a note alone does not", run(quiet) == 0)
    check("... but with --fail-on note", run("--fail-on", "note", quiet) == 1)
    for options, words in ((["--fail-on", "loud"], "is not one of error, warning, note, never"),
                           (["--enable", "X99"], "is not a rule"),
                           (["--explain", "X99"], "there is no rule X99"),
                           (["--supp", "/nowhere"], "can't read suppressions"),
                           (["--baseline", "/nowhere"], "can't read the baseline")):
        done = tool("audit", *options, loud)
        check(f"{' '.join(options)} is refused in one line",
              done.returncode == 2 and words in done.stderr and done.stderr.count("\n") == 1,
              done.stderr)


def whole_stack(tool):
    said = tool("audit", tool.record("execstack")).stdout
    check("W03 counts the pages that became executable, not those of the call's length",
          re.search(r"the main thread's stack, \d\d+ pages, became executable; "
                    r"the call's length was 4096", said), said)


def explaining(tool):
    done = tool("audit", "--explain", "all")
    ids = re.findall(r"^([WPULGAI]\d\d)  ", done.stdout, re.M)
    check("--explain all lists the rules", len(ids) == 37 and len(set(ids)) == 37, ids)
    for rule in ids:
        done = tool("audit", "--explain", rule)
        check(f"--explain {rule}", done.returncode == 0 and
              all(word in done.stdout for word in ("What", "Why", "To try")), done.stdout)


def suppressing(tool):
    ledger = tool.record("fixed-clobber")
    lines = Path(tool.folder) / "known.supp"

    def audit(text):
        lines.write_text(text)
        return tool("audit", "--supp", lines, ledger)

    for text in ("U04:fun:trampoline_new\n", "*:fun:demo_fixed_*\n", "U04:src:*lifetime.c\n",
                 "# a comment\n\n  U04:obj:mapledger-demo  \n", f"U04:path:{tool.demo}\n"):
        done = audit(text)
        check(f"suppressed by {text.strip()!r}",
              done.returncode == 0 and "1 suppressed" in done.stdout, done.stdout + done.stderr)
    done = audit("U05:fun:trampoline_new\nU04:fun:elsewhere\n")
    check("other lines do not, and are said to be of no use",
          done.returncode == 1 and done.stderr.count("suppressed nothing") == 2, done.stderr)
    for text in ("U04\n", "X99:fun:a\n", "U04:function:a\n"):
        done = audit(text)
        check(f"{text.strip()!r} is refused with its line",
              done.returncode == 2 and "known.supp:1:" in done.stderr, done.stderr)
    generated = tool("audit", "--gen-suppressions", ledger).stdout
    done = audit(generated)
    check("generated lines suppress all", done.returncode == 0, generated + done.stdout)


def baselines(tool):
    first, second = tool.record("fixed-clobber"), Path(tool.folder) / "old.sarif"
    tool("audit", "--sarif", second, first)
    again = tool.record("fixed-clobber")
    other = tool.record("munmap-too-long")
    done = tool("audit", "--baseline", second, again)
    check("what is in the baseline does not count, at other addresses too",
          done.returncode == 0 and "1 in the baseline" in done.stdout, done.stdout)
    done = tool("audit", "--baseline", second, other)
    check("what is not, does", done.returncode == 1, done.stdout)
    second.write_text("{")
    done = tool("audit", "--baseline", second, again)
    check("what is no SARIF is refused", done.returncode == 2 and "is no SARIF file" in done.stderr,
          done.stderr)


def required(thing, names, where):
    missing = [name for name in names if name not in thing]
    check(f"SARIF: {where} has {', '.join(names)}", not missing, f"no {missing}")


def sarif(tool, schemas):
    for name in ("fixed-clobber", "execstack", "map-limit", "double-munmap"):
        path = Path(tool.folder) / f"{name}.sarif"
        tool("audit", "--sarif", path, tool.record(name))
        log = json.loads(path.read_text())
        required(log, ["version", "runs"], "the log")
        check("SARIF: its version", log["version"] == "2.1.0")
        run = log["runs"][0]
        required(run, ["tool"], "a run")
        driver = run["tool"]["driver"]
        required(driver, ["name", "rules"], "the driver")
        for result in run["results"]:
            required(result, ["message", "ruleId", "level", "partialFingerprints"], "a result")
            check("SARIF: the rule's index is its own",
                  driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"])
            check("SARIF: levels", result["level"] in ("none", "note", "warning", "error"))
            for location in result["locations"]:
                place = location["physicalLocation"]
                check("SARIF: a place has a file or an address",
                      "artifactLocation" in place or "address" in place)
                uri = place.get("artifactLocation", {}).get("uri", "")
                check("SARIF: file names are URI references",
                      re.fullmatch(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*", uri) is not None, uri)
        for schema in schemas:
            validate(log, schema, name)


def validate(log, schema, name):
    try:
        import jsonschema
    except ImportError:
        print(f"skipped: {schema.name}, as python3-jsonschema is not there")
        return
    try:
        jsonschema.validate(log, json.loads(schema.read_text()))
        check(f"SARIF: {name} fits {schema.name}", True)
    except jsonschema.ValidationError as error:
        check(f"SARIF: {name} fits {schema.name}", False, error.message)


def run_checks(tool):
    run = lambda *options: tool("run", "-q", "--force", "-o", "c.mlg", "--check", *options)
    done = run(tool.demo, "fixed-clobber")
    check("run --check fails with 99, and says why",
          done.returncode == 99 and "error   U04" in done.stderr, done.stderr)
    check("... and leaves stdout to the program", done.stdout == 'the name is ""\n', done.stdout)
    check("... not for warnings", run(tool.demo, "write-then-execute").returncode == 0)
    check("... unless asked to",
          run("--fail-on", "warning", tool.demo, "write-then-execute").returncode == 99)
    check("a program that fails ends as it does", run("sh", "-c", "exit 3").returncode == 3)
    done = tool("demo")
    check("demo lists ten", done.stdout.count("\n  ") == 10, done.stdout)
    done = tool("demo", "nothing")
    check("an unknown demo is refused in one line",
          done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr)


def main():
    schemas = [Path(__file__).with_name("sarif.schema.json")]
    if "ML_SARIF_SCHEMA" in os.environ:
        schemas.append(Path(os.environ["ML_SARIF_SCHEMA"]))
    with tempfile.TemporaryDirectory() as folder:
        tool = Auditor(*sys.argv[1:4], folder)
        exit_statuses(tool)
        whole_stack(tool)
        explaining(tool)
        suppressing(tool)
        baselines(tool)
        sarif(tool, schemas)
        run_checks(tool)
    print(f"{checking.n_failed} wrong")
    return checking.status()


sys.exit(main())
