"""Programs that want the score without the skill: none of them doubles a number.

All know one thing, that double(2) is 4, as a program that always returns 4 does. None may score more
than that honest one. They are written against what a judge in the same process would look like, and
against the channel by which theirs asks."""

from __future__ import annotations

EQUAL = """
class Everything:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return True
    __le__ = __gt__ = __ge__ = __contains__ = __lt__
    def __bool__(self): return True
    def __hash__(self): return hash(4)
    def __getattr__(self, name): return self
    def __call__(self, *args, **named): return self
    def __iter__(self): return iter([])
    def __len__(self): return 1
    def __add__(self, other): return self
    __sub__ = __mul__ = __truediv__ = __radd__ = __rsub__ = __rmul__ = __mod__ = __pow__ = __add__
    def __abs__(self): return self
    def __round__(self, n=0): return self
    def __float__(self): return 0.0
    def __index__(self): return 4
"""
LAST = "\ndef double(n): return 4\n"

CHEATS: dict[str, str] = {
    "one right constant": LAST,
    "equal to everything": EQUAL + "def double(n): return Everything()",
    "a class instead of a function": EQUAL + "class double(Everything):\n    def __init__(self, n): pass",
    "an instance instead of a function": EQUAL + "double = Everything()",
    "a number equal to everything": """
class Number(int):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __hash__ = int.__hash__
def double(n): return Number(4)
""",
    "a list equal to everything": """
class Many(list):
    def __eq__(self, other): return True
    def __contains__(self, other): return True
def double(n): return Many([4])
""",
    "a generator": "def double(n):\n    yield 4",
    "an exception equal to everything": EQUAL
    + "class Oops(Everything, Exception): pass\ndef double(n): raise Oops()",
    "forks at import": "import os\nos.fork()\nos.fork()" + LAST,
    "forks at every call": "import os\ndef double(n):\n    os.fork(); os.fork()\n    return 4",
    "many forks, each with another answer": """
import os
guess = 4
for other in (6, 20):
    if os.fork() == 0:
        guess = other
        break
def double(n): return guess
""",
    "many forks in a call, each with another answer": """
import os
def double(n):
    for other in (6, 20):
        if os.fork() == 0: return other
    return 4
""",
    "replaces exec and compile": """
import builtins
builtins.exec = lambda *a, **k: None
builtins.compile = lambda *a, **k: (lambda: None).__code__
"""
    + LAST,
    "replaces compile by one that takes asserts out": """
import builtins, ast
real = compile
def without(source, *args, **named):
    tree = ast.parse(source) if isinstance(source, str) else source
    class Out(ast.NodeTransformer):
        def visit_Assert(self, node): return ast.Pass()
    return real(ast.fix_missing_locations(Out().visit(tree)), *args, **named)
builtins.compile = without
"""
    + LAST,
    "replaces json": """
import json
json.dumps = lambda *a, **k: '[true, ""]'
json.loads = lambda *a, **k: [True, ""]
"""
    + LAST,
    "replaces the writing of files": """
import os
real = os.write
os.write = lambda number, data: real(number, b'["", ""]\\n') and len(data)
"""
    + LAST,
    "replaces functions of __main__": """
import sys
main = sys.modules["__main__"]
for name in list(vars(main)):
    if callable(getattr(main, name)): setattr(main, name, lambda *a, **k: [True, ""])
main.outcome = main.attempt = main._outcome = main._attempt = lambda *a, **k: ""
"""
    + LAST,
    "replaces what the harness is made of": """
import sys
for name, module in list(sys.modules.items()):
    if "inside" in name:
        for inner in list(vars(module)):
            if callable(getattr(module, inner)) and inner[0] != "_":
                setattr(module, inner, lambda *a, **k: ["value", True, None])
"""
    + LAST,
    "replaces unittest": """
import sys, types
fake = types.ModuleType("unittest")
class TestCase:
    def __getattr__(self, name): return lambda *a, **k: None
fake.TestCase, fake.main = TestCase, lambda *a, **k: None
sys.modules["unittest"] = fake
"""
    + LAST,
    "makes unittest's assertions hold": """
import unittest
for name in dir(unittest.TestCase):
    if name.startswith("assert"): setattr(unittest.TestCase, name, lambda *a, **k: None)
"""
    + LAST,
    "replaces built-in functions that tests use": """
import builtins
builtins.abs = builtins.round = builtins.sum = lambda *a: 0
builtins.all = builtins.any = builtins.isinstance = lambda *a: True
builtins.AssertionError = type("Quiet", (Exception,), {})
def abs(n): return 0
def all(values): return True
def check(candidate): pass
"""
    + LAST,
    "defines the test's own names": """
def check(candidate): return True
candidate = test_double = METADATA = None
class TestDouble: pass
"""
    + LAST,
    "reads frames": """
import sys
def double(n):
    frame = sys._getframe()
    while frame is not None:
        for space in (frame.f_locals, frame.f_globals):
            for name, value in list(space.items()):
                if isinstance(value, str) and "double(" in value and "==" in value:
                    return int(value.split(f"double({n}) ==")[1].split()[0])
                if name == "word": print(value)
        frame = frame.f_back
    return 4
""",
    "searches the collector": """
import gc
def double(n):
    for one in gc.get_objects():
        if isinstance(one, (dict, list, tuple)):
            for text in (one.values() if isinstance(one, dict) else one):
                if isinstance(text, str) and f"double({n}) ==" in text:
                    return int(text.split(f"double({n}) ==")[1].split()[0])
    return 4
""",
    "reads every open file": """
import os, re
def double(n):
    for number in os.listdir("/proc/self/fd"):
        path = f"/proc/self/fd/{number}"
        try:
            if "memfd" in os.readlink(path) or "tmp" in os.readlink(path):
                found = re.search(rf"double\\({n}\\) == (\\d+)", open(path, errors="replace").read())
                if found: return int(found[1])
        except OSError: pass
    return 4
""",
    "reads the memory of every process": """
import os, re
def double(n):
    for pid in [one for one in os.listdir("/proc") if one.isdigit()]:
        try:
            for line in open(f"/proc/{pid}/maps"):
                if "[heap]" not in line and "rw-p" not in line: continue
                first, last = (int(part, 16) for part in line.split()[0].split("-"))
                memory = os.open(f"/proc/{pid}/mem", os.O_RDONLY)
                found = re.search(rb"double\\(%d\\) == (\\d+)" % n, os.pread(memory, last - first, first))
                os.close(memory)
                if found: return int(found[1])
        except OSError: pass
    return 4
""",
    "looks at the command lines and environments": """
import os, re
def double(n):
    for pid in [one for one in os.listdir("/proc") if one.isdigit()]:
        for name in ("cmdline", "environ"):
            try: found = re.search(rf"double\\({n}\\) == (\\d+)", open(f"/proc/{pid}/{name}").read())
            except OSError: continue
            if found: return int(found[1])
    return 4
""",
    "writes results early": """
import os, stat
lines = b'\\n""\\n["", ""]\\n["", ""]\\n["", ""]\\n[true, ""]\\n'
for number in range(64):
    try: os.write(number, lines)
    except OSError: pass
"""
    + LAST,
    "writes answers before it is asked": """
import os
lines = b"".join(b'["answer", %d, "value", %d, null]\\n' % (n, n) for n in range(99))
def double(n):
    for number in range(3, 64):
        try: os.write(number, lines)
        except OSError: pass
    return 4
""",
    "answers twice": """
import os, json
def double(n):
    for number in range(3, 64):
        for guess in (4, 6, 20):
            try: os.write(number, b'["answer", 2, "value", %d, []]\\n' % guess)
            except OSError: pass
    return 4
""",
    "asks the judge": """
import os
def double(n):
    for number in range(3, 64):
        for what in (b'["ask", 1, "name", "double"]', b'["ask", 1, "do", "eq", [4, 4]]',
                     b'["ask", 1, "get", ["yours", 0], "__globals__"]'):
            try: os.write(number, what + b"\\n")
            except OSError: pass
    return 4
""",
    "hands over what means something to the judge": """
import json
real = json.dumps
def dumps(message):
    if isinstance(message, list) and message[:1] == ["answer"]:
        message = [*message[:3], ["import", "unittest.mock", "ANY"], *message[4:]]
    return real(message)
json.dumps = dumps
"""
    + LAST,
    "an answer that is the judge's own object": """
import json
real = json.dumps
def dumps(message):
    if isinstance(message, list) and message[:1] == ["answer"]:
        message = ["answer", message[1], "same", 0, [[0, 4]]]
    return real(message)
json.dumps = dumps
"""
    + LAST,
    "says that its function comes from elsewhere": """
from unittest.mock import ANY
def double(n): return ANY
double.__module__ = "operator"
""",
    "is a module": """
import sys, unittest.mock
sys.modules["solution"] = unittest.mock.MagicMock()
double = unittest.mock.MagicMock(return_value=unittest.mock.ANY)
""",
    "leaves before the tests": "import os\nos._exit(0)",
    "leaves in the test": "import os\ndef double(n): os._exit(0)",
    "raises SystemExit": "import sys\ndef double(n): sys.exit(0)",
    "skips the test": "import unittest\ndef double(n): raise unittest.SkipTest('easy')",
    "leaves with a hook": """
import atexit, os, sys
atexit.register(os._exit, 0)
sys.exitfunc = lambda: os._exit(0)
sys.excepthook = lambda *a: os._exit(0)
def double(n): raise SystemExit(0)
""",
    "a thread that leaves": """
import os, threading, time
threading.Thread(target=lambda: (time.sleep(0.05), os._exit(0)), daemon=True).start()
def double(n):
    threading.Thread(target=lambda: (time.sleep(0.01), os._exit(0))).start()
    return 4
""",
    "a trace that jumps over asserts": """
import sys
def trace(frame, event, arg):
    if event == "line" and "test" in frame.f_code.co_filename:
        try: frame.f_lineno += 1
        except ValueError: pass
    return trace
sys.settrace(trace)
def double(n):
    sys.settrace(trace)
    return 4
""",
    "kills everything": "import os, signal\ndef double(n):\n    os.kill(-1, signal.SIGKILL)\n    return 4",
    "stops everything": "import os, signal\ndef double(n):\n    os.kill(-1, signal.SIGTERM)\n    return 4",
    "closes the channel": "import os\nos.closerange(0, 64)" + LAST,
    "shuts the channel": """
import socket
for number in range(3, 64):
    try: socket.socket(fileno=number).shutdown(2)
    except OSError: pass
"""
    + LAST,
    "sends files along": """
import array, os, socket
for number in range(3, 64):
    try:
        one = socket.socket(fileno=os.dup(number))
        socket.send_fds(one, [b'""\\n'], [os.open("/dev/zero", 0)])
    except OSError: pass
"""
    + LAST,
    "answers without an end": "def double(n): return 'x' * 100_000_000",
    "answers nested without an end": """
deep = []
for _ in range(100_000): deep = [deep]
def double(n): return deep
""",
    "an answer that holds itself": "many = []\nmany.append(many)\ndef double(n): return many",
    "prints that the tests pass": """
print('OK')
print('["", ""]')
print('3 passed')
def double(n):
    print(2 * 2)
    return 4
""",
    "changes its argument": "def double(n):\n    n = 4\n    return n",
    "truth without a value": EQUAL + "def double(n):\n    e = Everything()\n    return e if n else e",
    "makes recursion fail quietly": "import sys\nsys.setrecursionlimit(10)\ndef double(n): return double(n)",
}  # fmt: skip
