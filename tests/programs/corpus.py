# SPDX-License-Identifier: Apache-2.0
"""The programs that the tests run: what, with which needs, and how patient to be.

A program runs in an empty folder of its own, without input. What it prints must not
differ from run to run, or `forget' says what to take out. Servers listen on a socket
in that folder, and are ended by the script that started them.
"""

import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent / "scripts"

# Our own interpreter: what is called python3 may be a wrapper.
PYTHON = os.path.realpath(sys.executable)


@dataclass
class Program:
    command: list
    needs: list = field(default_factory=list)  # programs, besides command[0]
    forget: str = ""  # a regular expression for what differs from run to run
    environment: dict = field(default_factory=dict)
    stderr: bool = True  # is what it complains about the same each time?
    not_as_root: bool = False  # servers that refuse to, or drop their rights
    rightly_found: str = ""  # a file of suppressions: what the audit is right about

    def audit_options(self):
        return ("--supp", self.rightly_found) if self.rightly_found else ()

    def lacks(self):
        """What would have to be installed, or None."""
        return next((name for name in [self.command[0], *self.needs]
                     if not shutil.which(name, path=SEARCHED)), None)


def script(name):
    return str(SCRIPTS / name)


# Servers may lie outside of an ordinary user's PATH.
SEARCHED = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])


def shell(name, *arguments, needs, **more):
    return Program(["sh", script(name), *arguments], needs=list(needs), **more)


def java(collector):
    return shell("java.sh", script("Hello.java"), f"-XX:+Use{collector}", "-Xmx128m",
                 needs=["java", "javac"])


PROGRAMS = {
    # tools
    "ls": Program(["ls", "-la", "/usr/bin", "/etc"]),
    "bash": Program(["bash", script("bash.sh")], stderr=False),  # names a process
    "git": shell("git.sh", needs=["git"]),
    "gcc": shell("gcc.sh", needs=["gcc"]),
    "clang": shell("clang.sh", needs=["clang"]),
    "rust": shell("rust.sh", needs=["rustc", "gcc"]),
    "gdb": shell("gdb.sh", needs=["gdb", "gcc"]),
    "vim": shell("vim.sh", needs=["vim"]),
    "ffmpeg": shell("ffmpeg.sh", needs=["ffmpeg"]),
    # languages
    "python3": Program([PYTHON, script("python.py")]),
    "pypy3": Program(["pypy3", script("python.py")]),
    "perl": Program(["perl", script("perl.pl")]),
    "ruby": Program(["ruby", script("ruby.rb")]),
    "php": Program(["php", script("php.php")]),
    "php_jit": Program(["php", "-d", "opcache.enable_cli=1", "-d", "opcache.jit=tracing",
                        "-d", "opcache.jit_buffer_size=32M", script("php.php")]),
    "tcl": Program(["tclsh", script("area.tcl")]),
    "luajit": Program(["luajit", script("luajit.lua")]),
    "guile": Program(["guile", "--no-auto-compile", script("guile.scm")]),
    "clisp": Program(["clisp", "-q", script("clisp.lisp")]),
    "emacs": Program(["emacs", "-Q", "--batch", "-l", script("emacs.el")]),
    "sbcl": Program(["sbcl", "--noinform", "--no-userinit", "--no-sysinit", "--non-interactive",
                     "--load", script("sbcl.lisp")]),
    "ocaml": Program(["ocaml", script("ocaml.ml")]),
    "ghc": shell("ghc.sh", needs=["ghc"], rightly_found=script("ghc.supp")),
    "r": Program(["Rscript", "--vanilla", script("r.R")]),
    "erlang": Program(["sh", "-c", f"cp {script('erlang.erl')} erlang_test.erl && "
                       "erlc erlang_test.erl && erl -noshell -s erlang_test main"],
                      needs=["erl", "erlc"]),
    "go": shell("cgo.sh", script("cgo.go"), needs=["go", "gcc"]),
    "pascal": shell("pascal.sh", script("pascal.pas"), needs=["fpc"]),
    "mono": Program(["sh", "-c", f"mcs -out:area.exe {script('mono.cs')} && mono area.exe"],
                    needs=["mono", "mcs"]),
    "java": java("SerialGC"),
    "java_g1": java("G1GC"),
    "java_z": java("ZGC"),
    "node": Program(["node", script("node.js")]),
    "qemu_x86_64": shell("qemu.sh", "qemu-x86_64", "gcc", needs=["qemu-x86_64", "gcc"]),
    "qemu_aarch64": shell("qemu.sh", "qemu-aarch64", "aarch64-linux-gnu-gcc",
                          needs=["qemu-aarch64", "aarch64-linux-gnu-gcc"]),
    "wine": shell("wine.sh", needs=["wine", "wineserver"]),
    # databases, servers, a browser
    "sqlite3": Program(["sqlite3", "area.db", f".read {script('sqlite.sql')}"]),
    "redis": shell("redis.sh", needs=["redis-server", "redis-benchmark", "redis-cli"]),
    "nginx": shell("nginx.sh", needs=["nginx", "curl"], not_as_root=True),
    "postgres": shell("postgres.sh", needs=["pgbench", "psql", "pg_isready"], not_as_root=True),
    "mariadb": shell("mariadb.sh", needs=["mariadbd", "mariadb-install-db", "mariadb",
                                          "mysqlslap"], not_as_root=True),
    "chromium": shell("chromium.sh", script("page.html"), needs=["chromium"]),
}


def check_names(parser, names):
    for name in names:
        if name not in PROGRAMS:
            parser.error(f"there is no program '{name}'; there are {' '.join(PROGRAMS)}")
