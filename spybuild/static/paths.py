"""Paths through the code: where it cannot be known which way the target goes, all of them are gone."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Literal

from spybuild.static.core import ANYTHING, Core, Raised
from spybuild.static.scopes import Changes, End, Gone
from spybuild.static.values import Doubt


class Paths(Core):
    """Forks, and brings together again."""

    # ---- paths ----
    def fork(self, paths: Iterable[Callable[[], End | None]], why: Doubt) -> End | None:
        """Go all of several paths, one of which the target goes; then go on with what they have in common.

        A path that raises for sure ends there. One that leaves the block while others go on is kept in `frame.gone`.
        """
        lasting, gone, raising = self._go(paths, why)
        if not lasting and not gone:
            self.journal.join([changes for _, changes in raising], why)
            raise raising[0][0]
        for raised, changes in raising:
            self.may_raise(raised, why, changes)
        if not lasting:
            self.journal.join([path.changes for path in gone], why)
            ends = [path.end for path in gone]
            return next((end for end in (End.CONTINUE, End.BREAK) if end in ends), End.RETURN)
        touched = {slot for changes in (*lasting, *(path.changes for path in gone)) for slot in changes}
        self.count(len(touched) * (len(lasting) + len(gone)))
        before = {slot: slot[0].names.get(slot[1]) for slot in touched}
        self.journal.join(lasting, why)
        self.frame.gone += [Gone(path.end, {**before, **path.changes}, path.why) for path in gone]
        return None

    def _go(
        self, paths: Iterable[Callable[[], End | None]], why: Doubt
    ) -> tuple[list[Changes], list[Gone], list[tuple[Raised, Changes]]]:
        """Go each path and take it back: those that go on, those that leave the block, those that raise."""
        lasting: list[Changes] = []
        gone: list[Gone] = []
        raising: list[tuple[Raised, Changes]] = []
        frame = self.frame
        outer = frame.gone
        self.uncertain += 1
        try:
            for path in paths:
                frame.gone = []
                end, changes = self._try(path)
                if isinstance(end, Raised):
                    raising.append((end, changes))
                    continue
                gone += [Gone(each.end, {**changes, **each.changes}, each.why) for each in frame.gone]
                if end is None:
                    lasting.append(changes)
                else:
                    gone.append(Gone(end, changes, why))
        finally:
            frame.gone = outer
            self.uncertain -= 1
        return lasting, gone, raising

    def _try(self, path: Callable[[], End | None]) -> tuple[End | Raised | None, Changes]:
        """Go one path: how it ends, and what it changed, which is taken back."""
        self.count(20)
        self.journal.begin()
        try:
            end: End | Raised | None = path()
        except Raised as raised:
            end = raised
        except BaseException:
            self.journal.take_back()
            raise
        return end, self.journal.take_back()

    def go_on(self, rest: Callable[[], End | None]) -> End | None:
        """Go on where some paths are already gone: what is done now is not done on those."""
        gone, self.frame.gone = self.frame.gone, []
        if not gone:
            return rest()
        return self.fork([rest, *(partial(self._replay, path) for path in gone)], gone[0].why)

    def _replay(self, path: Gone) -> End | None:
        for (cells, name), binding in path.changes.items():
            self.journal.write(cells, name, binding)
        return path.end

    def come_back(self, *ends: End) -> None:
        """The paths that left by `ends` are back here (after the loop, after the call)."""
        back = [path for path in self.frame.gone if path.end in ends]
        if back:
            self.frame.gone = [path for path in self.frame.gone if path.end not in ends]
            self.journal.join([{}, *(path.changes for path in back)], back[0].why)

    def maybe(self, path: Callable[[], object], why: Doubt) -> None:
        """Go a path that the target may not go."""

        def go() -> None:
            path()

        self.fork([go, lambda: None], why)

    def may_raise(self, raised: Raised, why: Doubt, changes: Changes | None = None) -> None:
        """On some path, an exception is raised: the nearest `try` may catch it, or the import may fail."""
        if self.trials:
            self.trials[-1].risks.add(raised.kind)
            if changes:
                self.trials[-1].changes.append(changes)
        elif raised.module is self.module and not self.module.may_fail and self._is_foreseen(raised):
            reason = f"its import may end here with {raised.kind}: {why.reason}"
            self.module.may_fail = Doubt(reason, raised.line)

    def _is_foreseen(self, raised: Raised) -> bool:
        """Any code may raise. What counts are raises at the module's own level, and those about its environment.

        The standard library is taken to work, except where it says itself that a module is not for every system.
        """
        functions = [frame.function for frame in self.frames if frame.function]
        if self.module.is_stdlib:
            return raised.kind == "ImportError" and bool(raised.args[0]) and not functions
        return not functions or any(self.resolver.traits(each.node).asks_environment for each in functions)

    def fail_if(self, failure: tuple[str, str] | None, line: int | None) -> None:
        """The target raises here for sure, where there is a failure.

        Raises:
            Raised: there is one.
        """
        if failure:
            raise Raised(*failure, self.frame.module, line)

    @property
    def minds(self) -> bool:
        """Whether it matters that something seems to raise: in modules of the image's own, or where it is caught."""
        return self.module.is_own or bool(self.trials)

    def doubt_if(self, reason: str | Literal[False] | None, line: int | None) -> None:
        """The target seems to raise here, where there is a reason to think so."""
        if reason:
            self.distrust(reason, line)

    def depend(self, reason: str, line: int | None, kind: str = "OSError") -> None:
        """What is done now works or not, depending on what only the running container has."""
        self.risk(kind)
        if not self.trials:
            self.doubt_import(reason, line)

    def distrust(self, reason: str, line: int | None) -> None:
        """Something seems to raise here: in the image's own modules, that counts."""
        self.risk()
        if not self.trials and not self.uncertain and self.module.is_own:
            self.module.may_fail = self.module.may_fail or Doubt(reason, line)

    def doubt_import(self, reason: str, line: int | None) -> None:
        """The import may end here: of modules that somebody installed, that is only counted where it is sure."""
        module = self.frame.module
        if not self.uncertain and not module.is_stdlib and (module is self.module or not module.is_installed):
            self.module.may_fail = self.module.may_fail or Doubt(reason, line)

    def risk(self, kind: str = ANYTHING) -> None:
        """What is done now may raise; it only matters where it would be caught."""
        if self.trials:
            self.trials[-1].risks.add(kind)
