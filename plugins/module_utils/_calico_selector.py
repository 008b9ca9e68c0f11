# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Calico's selectors, as its documents and libcalico-go (lib/selector) have them: whether labels match one."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import re

_LABEL = r"[A-Za-z0-9_./-]+"
_TOKEN = re.compile(
    r"\s*(?:(?P<all>all\(\s*\)|global\(\s*\))|has\(\s*(?P<has>" + _LABEL + r")\s*\)|(?P<mark>==|!=|&&|\|\||[!(){},])"
    r"|(?P<text>\"[^\"]*\"|'[^']*')|(?P<word>" + _LABEL + r"))"
)
_WORDS = ("contains", "starts with", "ends with", "in", "not in")


def matches(selector, labels):
    """Return whether labels match a selector; an empty one matches all. Raises ValueError for what is none."""
    if not (selector or "").strip():
        return True
    parser = _Parser(_tokens(selector), selector, labels)
    answer = parser.either()
    parser.end()
    return answer


def _tokens(selector):
    tokens, position = [], 0
    text = selector.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if not match:
            raise ValueError("%s is no selector" % json.dumps(selector))
        tokens.append((match.lastgroup, match.group(match.lastgroup)))
        position = match.end()
    return tokens


class _Parser(object):
    """Answers while it reads; what does not decide any more is read all the same, so that nonsense is never passed over."""

    def __init__(self, tokens, selector, labels):
        self._tokens = tokens
        self._selector = selector
        self._labels = labels

    def _next(self):
        return self._tokens.pop(0) if self._tokens else (None, None)

    def _skip(self, mark):
        """Return whether the next token is this mark; then it is read."""
        if self._tokens and self._tokens[0] == ("mark", mark):
            self._tokens.pop(0)
            return True
        return False

    def _refuse(self):
        raise ValueError("%s is no selector" % json.dumps(self._selector))

    def end(self):
        if self._tokens:
            self._refuse()

    def either(self):
        answer = self._both()
        while self._skip("||"):
            answer = self._both() or answer
        return answer

    def _both(self):
        answer = self._one()
        while self._skip("&&"):
            answer = self._one() and answer
        return answer

    def _one(self):
        if self._skip("!"):
            return not self._one()
        if self._skip("("):
            answer = self.either()
            if not self._skip(")"):
                self._refuse()
            return answer
        kind, value = self._next()
        if kind == "all":
            return True
        if kind == "has":
            return value in self._labels
        if kind != "word":
            self._refuse()
        return self._compared(value)

    def _compared(self, name):
        """Without the label only != and "not in" match."""
        own = self._labels.get(name)
        kind, operator = self._next()
        if kind == "mark" and operator in ("==", "!="):
            return (own == self._text()) == (operator == "==")
        if kind == "word" and operator in ("starts", "ends", "not"):
            operator += " " + str(self._next()[1])
        operator = "not in" if operator == "notin" else operator
        if kind != "word" or operator not in _WORDS:
            self._refuse()
        if operator.endswith("in"):
            return (own in self._texts()) == (operator == "in")
        part = self._text()
        if own is None:
            return False
        return {"contains": part in own, "starts with": own.startswith(part), "ends with": own.endswith(part)}[operator]

    def _text(self):
        kind, value = self._next()
        if kind != "text":
            self._refuse()
        return value[1:-1]

    def _texts(self):
        if not self._skip("{"):
            self._refuse()
        texts = []
        while not self._skip("}"):
            texts.append(self._text())
            if not self._skip(",") and self._tokens[:1] != [("mark", "}")]:
                self._refuse()
        return texts
