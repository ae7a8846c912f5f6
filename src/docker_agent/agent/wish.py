"""What a prompt asks for, read by rules: which SOP, whether changes are wanted, and what it is about."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from docker_agent.agent.quoting import split_prompt
from docker_agent.agent.sop import Sop

MINIMUM_SCORE = 2.0
MAX_GAP = 3
CLOSE_ENOUGH = 0.75
SHORTEST_GUESS = 3
MAX_PROMPT = 4_000

_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u00b4": "'", "`": " "})
_WORD = re.compile(r"[a-z0-9][a-z0-9_.'-]*")
_NEGATION = r"(?:do not|don't|dont|never|without|no need to|not to)"
_CHANGING = r"(?:(?:chang|touch|modif|fix|edit|appl|alter|writ|repair|mend|restart|delet|remov)\w*|do\b|doing\b)"
_ANYTHING = (
    r"(?:anything|any|it|them|this|that|yet|now|things?|(?:the|my|our) (?:stack|project|compose|files?|system|setup))"
)
_POLITE = r"(?:please|just|also|now|so|and|but|then|can you|could you|would you|will you)"
_CLAUSE = re.compile(rf"[,;:!?]\s*|\.\s+|\.$|\s+(?:but|and|then)\s+|\s+(?={_NEGATION}\s+(?:\w+\s+)?{_CHANGING})")
_FORBIDDING = re.compile(rf"^(?:{_POLITE} )*{_NEGATION}\b")
_FORBIDS_ALL = re.compile(
    rf"{_NEGATION}\s+(?:\w+\s+){{0,2}}?{_CHANGING}(?:\s+{_ANYTHING}\b|\s*(?:$|[,.;!?]))"
    r"|\bno (?:changes?|fix(?:es)?|edits?|repairs?)\b"
    r"|\b(?:just|only)\s+(?:\w+\s+)?"
    r"(?:tell|explain|look|check|show|diagnose|report|inspect|list|read|describe|want to know)\b"
    r"|\b(?:read|look)[ -]only\b|\bdry[ -]run\b|\bhands off\b|\b(?:change|touch|fix) nothing\b"
    r"|\bleave (?:\w+ )?(?:alone|as (?:it|they) (?:is|are))\b"
)
_FIXES = re.compile(
    r"\b(?:fix|repair|mend|solve|heal|cure|rescue|recover)(?:e?s|e?d|ing)?\b|\bsort (?:\w+ )?out\b"
    r"|\b(?:resolve|correct) (?:it|this|that|these|them|(?:the|my|our|all)\b(?! (?:host|name|dns|domain|address)))"
    r"|\b(?:make|get|bring|let)\b.*\b(?:work|run|running|working|healthy|up|back)\b"
)
_QUESTION = re.compile(r"\b(?:why|how come|how to|how (?:do|can|could|would|should)|what)\b.*")
_ORDERS = re.compile(
    rf"^(?:{_POLITE} )*(?:restart|reboot|bounce|start|stop|deploy|launch|bring|take (?!a )|shut|tear"
    r"|investigate|debug|troubleshoot|look into|sort out)\b"
)
_ASKS = re.compile(
    r"\b(?:why|how come|what|what's|which|explain|investigat\w*|tell me|show|analy[sz]\w+|diagnos\w*|find out|look into"
    r"|look at|(?:have|take) a (?:\w+ )?look|inspect|debug|understand)\b"
    rf"|^(?:{_POLITE} )*(?:how|who|when|where|is|are|do|does|did|has|have|was|were|should|can i|could i|may i|check)\b"
)
_DESTROYS = re.compile(
    r"\b(?:delet|remov|wip|prun|purg|destroy|eras|nuk|clean|clear|trash)\w*\b|\b(?:drop|reset|rm|get rid of)\b"
)
_EVERYTHING = re.compile(r"\b(?:everything|all|whole|entire|each|every|stack|project)\b")
_POINTS_BACK = re.compile(r"\b(?:it|that|this|them|again|same|yes|ok|okay|go ahead)\b")
_URL = re.compile(
    r"https?://[^\s<>\"'`|]+|(?<![\w@/.-])(?:(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}|localhost)(?::\d{1,5})?(?:/[^\s<>\"'`|]*)?",
    re.IGNORECASE,
)
_FILE = re.compile(r"\.(?:ya?ml|md|json|toml|conf|env|log|txt|sh|py|js|ts|go|service|sock|sql|pem|crt|key|html?|php)$")
_COMMON_WORDS = """
    a again all an and any are at be been but by can check container containers crash crashes do docker docker-agent
    does down every everything explain find fix for from get has have healthy help how i in investigate is it its just
    keep keeps know last log logs look make me mend my need no not now of off on only or our out please problem repair
    restart restarting restarts run running service services show start state status stop stops tell that the their
    then there these they thing things this to unhealthy up was we what when where which why will with without won
    work working works wrong you your
"""
_COMMON = frozenset(_COMMON_WORDS.split())


@dataclass(frozen=True)
class Wish:
    """What a prompt asks for.

    `changes` is whether a plan may be made, `fixes` whether mending is asked for in so many words, `destroys` whether
    deleting is, `everything` whether it speaks of all there is, `quoted` the error message that was pasted into it,
    `url` the site that it names.
    Where the prompt does not say, a complaint ("web keeps restarting") or commission ("investigate why web restarts")
    wants a plan, a question ("why does web restart?") not.
    """

    prompt: str
    changes: bool
    fixes: bool
    destroys: bool
    everything: bool
    quoted: str
    url: str = ""


def read_wish(prompt: str) -> Wish:
    """Read what a prompt asks for; where it forbids changes, nothing else in it allows them.

    What a pasted message says is asked for by nobody.
    """
    own, quoted = split_prompt(prompt)
    text = _plain(own)
    clauses, allowed = _clauses(text), _allowed(text)
    fixes = any(_FIXES.search(_QUESTION.sub("", clause)) for clause in allowed)
    orders = fixes or any(_ORDERS.search(clause) for clause in allowed)
    forbids = bool(_FORBIDS_ALL.search(_plain(prompt))) or (len(allowed) < len(clauses) and not orders)
    is_polite = re.match(rf"(?:{_POLITE} )+", text) is not None
    asks = any(_ASKS.search(clause) for clause in clauses) or (text.endswith("?") and not is_polite)
    return Wish(
        prompt=prompt,
        changes=not forbids and (orders or not asks),
        fixes=fixes and not forbids,
        destroys=any(_DESTROYS.search(clause) for clause in allowed),
        everything=bool(_EVERYTHING.search(text)),
        quoted=quoted,
        url=find_url(prompt),
    )


def find_url(prompt: str) -> str:
    """The first URL or name of a site in a prompt, "" for none; names of files are none."""
    found = (match[0].rstrip(".,;:!?)]}") for match in _URL.finditer(prompt[:MAX_PROMPT]))
    return next((each for each in found if "://" in each or not _FILE.search(each.lower())), "")


def choose_sop(sops: Sequence[Sop], prompt: str) -> Sop | None:
    """The SOP whose intents fit best, None where none fits; own words come before a pasted message."""
    return _fitting(sops, split_prompt(prompt).own) or _fitting(sops, prompt)


def find_names(prompt: str, names: Sequence[str]) -> dict[str, str]:
    """The names that a prompt speaks of, each with the words it was read from, in the prompt's order.

    Exact words come first ("web app" is also `web-app`); only where there is none, parts of a name ("web" for
    `web-app`) and likely typing errors count. What a clause forbids to touch counts only where nothing else is named,
    and a pasted message only where the person's own words name nothing.
    """
    own, quoted = split_prompt(prompt)
    text = _plain(own)
    known = {_squash(name): name for name in reversed(names) if _squash(name)}
    said = _names_in(_allowed(text), known) or _names_in(_clauses(text), known)
    return said or {name: name for name in _exact_names(_words(_plain(quoted)), known)}


def points_back(prompt: str) -> bool:
    """Whether a prompt speaks of something said before ("fix it")."""
    return bool(_POINTS_BACK.search(_plain(prompt)))


def _fitting(sops: Sequence[Sop], text: str) -> Sop | None:
    clauses = [_words(clause) for clause in _allowed(_plain(text))]
    scored = [(sum(_weigh(sop, words) for words in clauses), -at, sop) for at, sop in enumerate(sops)]
    best = max(scored, key=lambda entry: entry[:2], default=None)
    return best[2] if best is not None and best[0] >= MINIMUM_SCORE else None


def _names_in(clauses: Sequence[str], known: dict[str, str]) -> dict[str, str]:
    words = [word for clause in clauses for word in _words(clause)]
    exact = _exact_names(words, known)
    if telling := [name for name in exact if name.lower() not in _COMMON]:
        return {name: name for name in telling}
    if exact:
        return {name: name for name in exact}
    near: dict[str, str] = {}
    for word in words:
        if len(word) >= SHORTEST_GUESS and word not in _COMMON and (name := _nearest(word, known)):
            near.setdefault(name, word)
    return near


def _plain(prompt: str) -> str:
    return " ".join(prompt[:MAX_PROMPT].lower().translate(_APOSTROPHES).split())


def _words(text: str) -> list[str]:
    return [word.rstrip(".'-") for word in _WORD.findall(text)]


def _clauses(text: str) -> list[str]:
    return [clause.strip() for clause in _CLAUSE.split(text) if clause.strip()]


def _allowed(text: str) -> list[str]:
    return [clause for clause in _clauses(text) if not _FORBIDDING.match(clause)]


def _weigh(sop: Sop, words: Sequence[str]) -> float:
    return sum(weight for phrase, weight in sop.intents.items() if _says(words, phrase.lower().split()))


def _says(words: Sequence[str], phrase: Sequence[str]) -> bool:
    places: Iterable[int] = range(len(words))
    for part in phrase:
        hits = {at for at in places if _fits(words[at], part)}
        places = {at + step for at in hits for step in range(1, MAX_GAP + 2) if at + step < len(words)}
        if not hits:
            return False
    return bool(phrase)


def _fits(word: str, pattern: str) -> bool:
    if "*" in pattern:
        return fnmatchcase(word, pattern)
    return word == pattern or (len(word) == len(pattern) >= len("crash") and sorted(word) == sorted(pattern))


def _exact_names(words: Sequence[str], known: dict[str, str]) -> list[str]:
    found: list[str] = []
    at = 0
    while at < len(words):
        spans = ((size, known.get(_squash("".join(words[at : at + size])))) for size in (3, 2, 1))
        size, name = next(((size, name) for size, name in spans if name), (1, ""))
        if name:
            found.append(name)
        at += size
    return list(dict.fromkeys(found))


def _squash(word: str) -> str:
    return re.sub(r"[^a-z0-9]", "", word.lower())


def _nearest(word: str, known: dict[str, str]) -> str:
    parts = [name for name in known.values() if word in re.split(r"[-_.]", name.lower())]
    shortest = min(parts, key=len, default="")
    if shortest and all(shortest in name for name in parts):
        return shortest
    squashed = _squash(word)
    swapped = [name for key, name in known.items() if sorted(key) == sorted(squashed)]
    close = difflib.get_close_matches(squashed, list(known), n=1, cutoff=CLOSE_ENOUGH)
    return swapped[0] if swapped else known[close[0]] if close else ""
