"""Count the steps of a backtracking matcher, to measure growth without a clock.

It reads the tree that `re` itself compiles and tries the same alternatives in the same order, so the spans
are equal. Its step count differs from that of `re`, which skips single characters faster, but both grow
alike.
"""

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from re import _compiler, _constants, _parser  # type: ignore[attr-defined]
from typing import Any

Span = tuple[int, int]
_Registers = tuple[int, ...]  # where groups begin and end, then where loops were last; -1: not yet
_FOR_EVER = _constants.MAXREPEAT


class TooManySteps(Exception):
    """The step budget is used up."""


@dataclass(frozen=True, kw_only=True)
class _Program:
    """Instructions, each an operation and its operands. `accept` ends every program."""

    code: list[tuple[Any, ...]] = field(default_factory=list)


class Machine:
    """Matches a compiled pattern as `re` would, one step at a time."""

    def __init__(self, pattern: re.Pattern[Any]) -> None:
        self.pattern = pattern
        self.is_bytes = isinstance(pattern.pattern, bytes)
        self.tree = _parser.parse(pattern.pattern, pattern.flags)
        self.members: list[Callable[[str], bool]] = []  # of each class of characters in the pattern
        self.max_bound = 0  # of the counted repetitions
        self._groups = self.tree.state.groups
        self._loops = 0
        self._program = _Program()
        self._compile(self.tree, self.tree.state.flags, self._program.code)
        self._program.code.append(("accept",))
        self._empty = (-1,) * (2 * self._groups + self._loops)
        self._begins, self._may_be_empty = _first(self._program)
        self._can_begin: dict[str, bool] = {}
        self.steps = 0
        self._budget = 0

    # --- what `re.Pattern` does ---------------------------------------------------------------

    def finditer(self, text: str, *, budget: int = 10**7) -> list[Span]:
        """See `re.Pattern.finditer`. `steps` holds the number of steps afterwards.

        Raises:
            TooManySteps: when it has not finished after `budget` steps.
        """
        self.steps, self._budget = 0, budget
        spans, start, must_advance = [], 0, False
        while start <= len(text):
            for place in range(start, len(text) + 1):
                if not self._may_begin(text, place):
                    self.steps += 1
                    continue
                end = self._match(text, place, must_advance=must_advance and place == start)
                if end is not None:
                    break
            else:
                break
            spans.append((place, end))
            start, must_advance = end, end == place
        return spans

    def match(self, text: str, *, budget: int = 10**7) -> list[Span]:
        """See `re.Pattern.match` and `finditer`."""
        self.steps, self._budget = 0, budget
        end = self._match(text, 0)
        return [] if end is None else [(0, end)]

    def fullmatch(self, text: str, *, budget: int = 10**7) -> list[Span]:
        """See `re.Pattern.fullmatch` and `finditer`."""
        self.steps, self._budget = 0, budget
        end = self._match(text, 0, whole=True)
        return [] if end is None else [(0, end)]

    def _may_begin(self, text: str, place: int) -> bool:
        """Return True if a match can begin with the character at `place`. `re` has the same shortcut."""
        if self._may_be_empty:
            return True
        if place == len(text):
            return False
        character = text[place]
        known = self._can_begin.get(character)
        if known is None:
            known = self._can_begin[character] = any(member(character) for member in self._begins)
        return known

    def _match(self, text: str, start: int, *, must_advance: bool = False, whole: bool = False) -> int | None:
        found = self._run(
            self._program,
            text,
            start,
            self._empty,
            lambda end: not (must_advance and end == start) and not (whole and end != len(text)),
        )
        return None if found is None else found[0]

    def _run(
        self,
        program: _Program,
        text: str,
        start: int,
        registers: _Registers,
        accepts: Callable[[int], bool] = lambda _: True,
    ) -> tuple[int, _Registers] | None:
        code, size = program.code, len(text)
        waiting = [(0, start, registers)]
        steps, limit = self.steps, self._budget
        while waiting:
            at, place, registers = waiting.pop()
            while True:
                steps += 1
                if steps > limit:
                    self.steps = steps
                    raise TooManySteps
                instruction = code[at]
                operation = instruction[0]
                if operation == "char":
                    if place >= size or not instruction[1](text[place]):
                        break
                    at, place = at + 1, place + 1
                elif operation == "split":
                    waiting.append((instruction[2], place, registers))
                    at = instruction[1]
                elif operation == "jump":
                    at = instruction[1]
                elif operation == "loop":  # an empty turn of a loop is its last one
                    _, register, body, after, lazy = instruction
                    if registers[register] == place:
                        at = after
                    else:
                        left = registers
                        registers = (*registers[:register], place, *registers[register + 1 :])
                        if lazy:
                            waiting.append((body, place, registers))
                            at, registers = after, left
                        else:
                            waiting.append((after, place, left))
                            at = body
                elif operation == "set":
                    _, register, value = instruction
                    new = place if value is None else value
                    registers = (*registers[:register], new, *registers[register + 1 :])
                    at += 1
                elif operation == "at":
                    if not instruction[1](text, place):
                        break
                    at += 1
                elif operation == "look":
                    _, inner, wanted, behind = instruction
                    self.steps = steps
                    found = self._run(inner, text, place - behind, registers) if place >= behind else None
                    steps = self.steps
                    if (found is not None) is not wanted:
                        break
                    if found is not None:
                        registers = found[1]
                    at += 1
                elif operation == "atomic":
                    self.steps = steps
                    found = self._run(instruction[1], text, place, registers)
                    steps = self.steps
                    if found is None:
                        break
                    place, registers = found
                    at += 1
                elif operation == "same":
                    begin, end = registers[2 * instruction[1]], registers[2 * instruction[1] + 1]
                    if begin < 0 or end < 0 or not text.startswith(text[begin:end], place):
                        break
                    at, place = at + 1, place + end - begin
                elif operation == "accept":
                    if not accepts(place):
                        break
                    self.steps = steps
                    return place, registers
                else:  # "fail"
                    break
        self.steps = steps
        return None

    # --- from the tree to instructions --------------------------------------------------------

    def _compile(self, tree: Any, flags: int, code: list[tuple[Any, ...]]) -> None:
        for node in tree:
            self._compile_node(node, flags, code)

    def _compile_node(self, node: Any, flags: int, code: list[tuple[Any, ...]]) -> None:
        operation, given = str(node[0]), node[1]
        if operation in ("LITERAL", "NOT_LITERAL", "IN", "ANY"):
            member = _Member(node, flags, is_bytes=self.is_bytes)
            self.members.append(member)
            code.append(("char", member))
        elif operation == "AT":
            code.append(("at", _position(str(given), flags)))
        elif operation == "SUBPATTERN":
            group, added, removed, inner = given
            if group is not None:
                code.append(("set", 2 * group, None))
            self._compile(inner, (flags | added) & ~removed, code)
            if group is not None:
                code.append(("set", 2 * group + 1, None))
        elif operation == "BRANCH":
            jumps = []
            for number, choice in enumerate(given[1]):
                is_last = number == len(given[1]) - 1
                split = len(code)
                if not is_last:
                    code.append(())
                self._compile(choice, flags, code)
                if not is_last:
                    jumps.append(len(code))
                    code.append(())
                    code[split] = ("split", split + 1, len(code))
            for jump in jumps:
                code[jump] = ("jump", len(code))
        elif operation in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            self._compile_repeat(operation, given, flags, code)
        elif operation in ("ASSERT", "ASSERT_NOT"):
            direction, inner = given
            code.append(
                (
                    "look",
                    self._inner(inner, flags),
                    operation == "ASSERT",
                    inner.getwidth()[0] if direction < 0 else 0,
                )
            )
        elif operation == "ATOMIC_GROUP":
            code.append(("atomic", self._inner(given, flags)))
        elif operation == "GROUPREF":
            if flags & re.IGNORECASE:
                raise NotImplementedError("references to groups that ignore case")
            code.append(("same", given))
        elif operation == "FAILURE":
            code.append(("fail",))
        else:
            raise NotImplementedError(operation)

    def _compile_repeat(self, operation: str, given: Any, flags: int, code: list[tuple[Any, ...]]) -> None:
        minimum, maximum, inner = given
        if operation == "POSSESSIVE_REPEAT":
            whole = _parser.SubPattern(self.tree.state, [(_constants.MAX_REPEAT, given)])
            code.append(("atomic", self._inner(whole, flags)))
            return
        lazy = operation == "MIN_REPEAT"
        if maximum is not _FOR_EVER:
            self.max_bound = max(self.max_bound, maximum)
        for _ in range(minimum):
            self._compile(inner, flags, code)
        if maximum is _FOR_EVER:
            register = 2 * self._groups + self._loops
            self._loops += 1
            code.append(("set", register, -1))
            head = len(code)
            code.append(())
            self._compile(inner, flags, code)
            code.append(("jump", head))
            code[head] = ("loop", register, head + 1, len(code), lazy)
            return
        splits = []
        for _ in range(maximum - minimum):
            splits.append(len(code))
            code.append(())
            self._compile(inner, flags, code)
        for split in splits:
            code[split] = ("split", len(code), split + 1) if lazy else ("split", split + 1, len(code))

    def _inner(self, tree: Any, flags: int) -> _Program:
        program = _Program()
        self._compile(tree, flags, program.code)
        program.code.append(("accept",))
        return program


def _first(program: _Program) -> tuple[list["_Member"], bool]:
    """Return the classes of a match's possible first characters, and whether a match may be empty."""
    members: list[_Member] = []
    waiting, seen, may_be_empty = [0], set(), False
    while waiting:
        at = waiting.pop()
        if at in seen:
            continue
        seen.add(at)
        instruction = program.code[at]
        match instruction[0]:
            case "char":
                members.append(instruction[1])
            case "split":
                waiting += instruction[1:]
            case "jump":
                waiting.append(instruction[1])
            case "loop":
                waiting += instruction[2:4]
            case "set" | "at" | "look":
                waiting.append(at + 1)
            case "atomic":
                inner, is_optional = _first(instruction[1])
                members += inner
                if is_optional:
                    waiting.append(at + 1)
            case "accept" | "same":
                may_be_empty = True
    return members, may_be_empty


class _Member:
    """Tests whether a character belongs to a class, as `re` does."""

    def __init__(self, node: Any, flags: int, *, is_bytes: bool) -> None:
        state = _parser.State()
        state.flags = flags
        state.str = b"" if is_bytes else ""
        self._known: dict[str, bool] = {}
        self._matches = _compiler.compile(_parser.SubPattern(state, [node]), flags).match
        self._is_bytes = is_bytes

    def __call__(self, character: str) -> bool:
        known = self._known.get(character)
        if known is None:
            asked = character.encode("latin-1") if self._is_bytes else character
            known = self._known[character] = self._matches(asked) is not None
        return known


def _position(name: str, flags: int) -> Callable[[str, int], bool]:
    is_word = re.compile(r"\w", flags & re.ASCII).match

    def boundary(text: str, place: int) -> bool:
        before = place > 0 and is_word(text[place - 1]) is not None
        return before != (place < len(text) and is_word(text[place]) is not None)

    if name == "AT_BEGINNING" and flags & re.MULTILINE:
        return lambda text, place: place == 0 or text[place - 1] == "\n"
    if name == "AT_END" and flags & re.MULTILINE:
        return lambda text, place: place == len(text) or text[place] == "\n"
    return {
        "AT_BEGINNING": lambda _, place: place == 0,
        "AT_BEGINNING_STRING": lambda _, place: place == 0,
        "AT_END": lambda text, place: text[place:] in ("", "\n"),
        "AT_END_STRING": lambda text, place: place == len(text),
        "AT_BOUNDARY": boundary,
        "AT_NON_BOUNDARY": lambda text, place: not boundary(text, place),
    }[name]


# --- texts to try ---------------------------------------------------------------------------------

_POOL = " \n\t\r\u00a0aZzяЯёЁ09_-—.,;:!?'’\"«»()[]{}<>/\\@#№$₽%&*+=|~^`…\u0301\u200b\x00👍ß"


def alphabet(machine: Machine) -> list[str]:
    """Return one character for each class of characters that the pattern distinguishes."""
    pool = [*_literals(machine.tree), *_POOL]
    if machine.is_bytes:
        pool = [character for character in pool if ord(character) < 256]
    kinds: dict[tuple[bool, ...], str] = {}
    for character in pool:
        kinds.setdefault((character.isalnum(), *(member(character) for member in machine.members)), character)
    return list(kinds.values())


def _literals(tree: Any) -> Iterator[str]:
    for operation, given in tree:
        if str(operation) in ("LITERAL", "NOT_LITERAL"):
            yield chr(given)
        elif str(operation) == "IN":
            for kind, argument in given:
                if str(kind) == "LITERAL":
                    yield chr(argument)
                elif str(kind) == "RANGE":
                    yield chr(argument[0])
        else:
            for inner in _inside(given):
                yield from _literals(inner)


def _inside(given: Any) -> Iterator[Any]:
    """Return the trees inside an operation's argument."""
    if isinstance(given, _parser.SubPattern):
        yield given
    elif isinstance(given, tuple | list):
        for part in given:
            yield from _inside(part)


def example(machine: Machine, letters: Sequence[str], random_: random.Random) -> str:
    """Return a text that the pattern matches, or nearly, as lookarounds are ignored."""
    return _example(machine.tree, machine, machine.tree.state.flags, letters, random_)


def _example(tree: Any, machine: Machine, flags: int, letters: Sequence[str], random_: random.Random) -> str:
    text = ""
    for node in tree:
        operation, given = str(node[0]), node[1]
        if operation in ("NOT_LITERAL", "IN", "ANY"):
            member = _Member(node, flags, is_bytes=machine.is_bytes)
            text += random_.choice([letter for letter in letters if member(letter)] or [""])
        elif operation == "LITERAL":
            text += chr(given)
        elif operation == "SUBPATTERN":
            text += _example(given[3], machine, (flags | given[1]) & ~given[2], letters, random_)
        elif operation == "BRANCH":
            text += _example(random_.choice(given[1]), machine, flags, letters, random_)
        elif operation in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            minimum, maximum, inner = given
            for _ in range(random_.randint(minimum, min(maximum, minimum + 1))):
                text += _example(inner, machine, flags, letters, random_)
        elif operation == "ATOMIC_GROUP":
            text += _example(given, machine, flags, letters, random_)
    return text


@dataclass(frozen=True, kw_only=True)
class Attack:
    """A growing text: `head`, each of the `pumps` repeated in order, `tail`."""

    head: str
    pumps: tuple[str, ...]
    tail: str

    def text(self, times: int) -> str:
        return self.head + "".join(pump * times for pump in self.pumps) + self.tail


def attacks(machine: Machine, *, count: int) -> Iterator[Attack]:
    """Yield a repetition of everything that the pattern distinguishes, then `count` seeded random attacks."""
    letters = alphabet(machine)
    random_ = random.Random(repr(machine.pattern.pattern))
    examples = [example(machine, letters, random_) for _ in range(3 + count // 40)]
    beginnings = [text[:place] for text in examples for place in range(1, min(len(text), 40) + 1)]
    words = list(dict.fromkeys([*letters, *(text for text in examples if text)]))
    for word in words:
        for tail in ("", "\x00"):
            yield Attack(head="", pumps=(word,), tail=tail)
    words = list(dict.fromkeys([*words, *beginnings]))
    ends = ["", "\x00", *letters, *beginnings]
    for _ in range(count):
        word = random_.choice(letters if random_.random() < 0.6 else words)
        other = random_.choice(words)
        pumps = random_.choice([(word,), (word,), (word + other,), (word, other)])
        head = random_.choice(beginnings) if beginnings and random_.random() < 0.6 else ""
        yield Attack(head=head, pumps=pumps, tail=random_.choice(ends))


# --- growth ---------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Growth:
    """Number of steps on a text and on a text twice as long. None: more than the budget."""

    mode: str
    attack: Attack
    length: int
    steps: int
    steps_on_twice: int | None

    def __str__(self) -> str:
        twice = "no end" if self.steps_on_twice is None else self.steps_on_twice
        return (
            f"{self.mode} takes {self.steps} steps on {self.length} characters and {twice} on twice as many: "
            f"{self.attack.head!r} + {self.attack.pumps!r} × n + {self.attack.tail!r}"
        )


_TIMES = 12  # a pump is repeated so often, then twice and three times as often
_LENGTH = 400  # characters on which a suspicion is looked into, at least
_BUDGET = 1500  # steps for each character
_SLACK = 1.3  # steps on twice the characters may be so many times twice the steps
_FEW = 50_000  # steps, where no counted repetition is long
_STEEP = 1000.0  # a bend that nothing linear has
_SUSPECTS = 3  # attacks of a pattern that are looked into


def worst_growth(machine: Machine, mode: str, *, count: int) -> Growth | None:
    """Return an attack whose steps grow faster than its text, or None."""
    method = getattr(machine, mode)
    suspects = []
    for attack in attacks(machine, count=count):
        bend = _bend(machine, method, attack)
        if bend > 0:
            suspects.append((bend, attack))
        if bend >= _STEEP:
            break
    suspects.sort(key=lambda suspect: -suspect[0])
    for _, attack in suspects[:_SUSPECTS]:
        growth = _growth(machine, mode, method, attack)
        if growth is not None:
            return growth
    return None


def _bend(machine: Machine, method: Callable[..., Any], attack: Attack) -> float:
    """Return how far the steps for one, two and three repetitions deviate from a straight line."""
    text = attack.text(3 * _TIMES)
    steps_thrice = _steps(machine, method, text, budget=_FEW)
    if steps_thrice <= 6 * len(text):
        return 0
    if steps_thrice > _FEW:
        return _STEEP
    steps_once, steps_twice = (
        _steps(machine, method, attack.text(number * _TIMES), budget=_FEW) for number in (1, 2)
    )
    bend = steps_thrice - 2 * steps_twice + steps_once
    return bend / len(text) if bend > max(40, 0.04 * steps_thrice) else 0


def _growth(machine: Machine, mode: str, method: Callable[..., Any], attack: Attack) -> Growth | None:
    """Return the growth of the attack if it persists beyond the counted repetitions, or None."""
    unit = sum(map(len, attack.pumps))
    times = max(_LENGTH, 3 * machine.max_bound) // unit + 1
    text, twice = attack.text(times), attack.text(2 * times)
    steps = _steps(machine, method, text, budget=_BUDGET * len(text))
    on_twice = _steps(machine, method, twice, budget=_BUDGET * len(twice))
    if on_twice < 2 * _SLACK * steps and on_twice <= _BUDGET * len(twice):
        return None
    return Growth(
        mode=mode,
        attack=attack,
        length=len(text),
        steps=steps,
        steps_on_twice=on_twice if on_twice <= _BUDGET * len(twice) else None,
    )


def _steps(machine: Machine, method: Callable[..., Any], text: str, *, budget: int) -> int:
    try:
        method(text, budget=budget)
    except TooManySteps:
        return budget + 1
    return machine.steps
