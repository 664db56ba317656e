"""A little TeX as MathML, which every browser draws by itself: the formulas of the lessons."""

from __future__ import annotations

import re
from html import escape

TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\S")
SPACES = {r"\,": 0.17, r"\;": 0.28, r"\quad": 1.0, r"\qquad": 2.0}
"""Width of each, in em."""
SIGNS = {r"\le": "≤", r"\ge": "≥", r"\approx": "≈", r"\cdot": "·", r"\|": "‖", "-": "−", "'": "′"}
NAMES = {r"\partial": "∂", r"\lambda": "λ", r"\nabla": "∇"}
FUNCTIONS = ("log", "exp")
LIMITS = ("max", "min", "sup", "inf")
"""Operators that have what they run over below them."""
LETTERS = {"E": "𝔼", "R": "ℝ"}
"""Those that `mathbb` knows."""


class TexError(ValueError):
    """TeX that is not known here; the message quotes it."""


def mathml(tex: str) -> str:
    """A formula as a MathML element on a line of its own.

    Known are letters, numbers, signs, braces, ``_``, ``^``, ``\\frac``, ``\\tfrac``, ``\\mathbb``, ``\\mathrm``, and the names above.

    Raises:
      TexError: anything else, or braces that do not match.
    """
    reader = _Reader(tex)
    found = reader.row(None)
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML" display="block"><mrow>{found}</mrow></math>'


class _Reader:
    """Takes a formula apart, token by token."""

    def __init__(self, tex: str):
        self.tex, self.tokens, self.at = tex, TOKEN.findall(tex), 0

    def error(self, what: str) -> TexError:
        return TexError(f"{what} in {self.tex!r}")

    def peek(self) -> str | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def take(self) -> str:
        if (token := self.peek()) is None:
            raise self.error("something is missing at the end")
        self.at += 1
        return token

    def row(self, end: str | None) -> str:
        """Everything up to a token, or to the end."""
        parts = []
        while (token := self.peek()) != end:
            if token is None or token == "}":
                raise self.error("braces that do not match")
            parts.append(self.scripted())
        if end is not None:
            self.take()
        return "".join(parts)

    def scripted(self) -> str:
        """An atom with what stands below and above it."""
        below = (self.peek() or "").removeprefix("\\") in LIMITS
        base, scripts = self.atom(), dict[str, str]()
        while (mark := self.peek()) in ("_", "^"):
            self.take()
            if mark in scripts:
                raise self.error(f"{mark} twice")
            scripts[str(mark)] = self.argument(is_name=True)
        if self.peek() == "'":
            self.take()
            scripts["^"] = "<mo>′</mo>"
        if not scripts:
            return base
        if below and "^" not in scripts:
            return f"<munder>{base}{scripts['_']}</munder>"
        tag = {"_": "msub", "^": "msup"}[next(iter(scripts))] if len(scripts) == 1 else "msubsup"
        return f"<{tag}>{base}{scripts.get('_', '')}{scripts.get('^', '')}</{tag}>"

    def argument(self, is_name: bool = False) -> str:
        """What a command or a script takes: a group, a command, a letter or one digit. is_name: several letters are a word."""
        token = self.peek() or ""
        if token != "{":
            if token.isdigit() and len(token) > 1:
                self.tokens[self.at : self.at + 1] = list(token)
            return self.atom()
        if is_name and (word := self.word()):
            return word
        self.take()
        return f"<mrow>{self.row('}')}</mrow>"

    def word(self) -> str | None:
        """A group of two letters or more, and nothing else; None where it is not one."""
        letters = []
        for token in self.tokens[self.at + 1 :]:
            if not token.isalpha():
                break
            letters.append(token)
        if len(letters) < 2 or self.tokens[self.at + 1 + len(letters) :][:1] != ["}"]:
            return None
        self.at += len(letters) + 2
        return f"<mi>{''.join(letters)}</mi>"

    def atom(self) -> str:
        token = self.take()
        name = token.removeprefix("\\")
        if token == "{":
            return f"<mrow>{self.row('}')}</mrow>"
        if token in SPACES:
            return f'<mspace width="{SPACES[token]}em"></mspace>'
        if token == "-" and self.is_first():
            return '<mo form="prefix">−</mo>'
        if token in SIGNS:
            return f"<mo>{SIGNS[token]}</mo>"
        if token in NAMES:
            return f"<mi>{NAMES[token]}</mi>"
        if token in (r"\frac", r"\tfrac"):
            whole = f"<mfrac>{self.argument()}{self.argument()}</mfrac>"
            return whole if token == r"\frac" else f'<mstyle displaystyle="false">{whole}</mstyle>'
        if token in (r"\mathbb", r"\mathrm"):
            return self.letters(name)
        if token.startswith("\\") and name in FUNCTIONS:
            gap = "" if self.peek() in ("(", "[", None) else '<mspace width="0.17em"></mspace>'
            return f"<mi>{name}</mi><mo>\u2061</mo>{gap}"
        if token.startswith("\\") and name in LIMITS:
            return f"<mo>{name}</mo>"
        if token.startswith("\\") or token in "}_^&#%$":
            raise self.error(f"{token} is not known")
        if token[0].isdigit():
            return f"<mn>{token}</mn>"
        if token.isalpha():
            return f"<mi>{token}</mi>"
        return f'<mo stretchy="false">{escape(token)}</mo>'

    def is_first(self) -> bool:
        """Whether nothing that could be taken from stands before the sign that was just taken."""
        return self.at < 2 or self.tokens[self.at - 2] in ("=", "(", "[", "{", *SPACES, r"\approx", r"\le", r"\ge")

    def letters(self, name: str) -> str:
        """The group of letters behind ``\\mathbb`` or ``\\mathrm``, upright."""
        if self.take() != "{":
            raise self.error(f"\\{name} without a group")
        end = self.tokens.index("}", self.at) if "}" in self.tokens[self.at :] else self.at
        word = "".join(self.tokens[self.at : end])
        self.at = end + 1
        if name == "mathbb":
            if word not in LETTERS:
                raise self.error(f"\\mathbb{{{word}}} is not known")
            word = LETTERS[word]
        if not word.isalpha():
            raise self.error(f"\\{name} with {word!r}")
        return f'<mi mathvariant="normal">{word}</mi>'
