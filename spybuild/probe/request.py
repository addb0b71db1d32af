"""What the probe is asked, and its answer read back as facts."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from spybuild.errors import ProbeError
from spybuild.model.facts import Facts, Question
from spybuild.probe.boot import asked, end_of_answer
from spybuild.probe.limits import Limits
from spybuild.probe.reading import read_answer


@dataclass(frozen=True)
class Request:
    """One platform's questions. The values of `environment` never show in a `repr`.

    `address_space` bounds a process where no container does; `prefers_pypy` says that the contract allows PyPy only.
    With more than one of `jobs`, modules that run at once share a user and could write into each other's answers.
    """

    modules: tuple[str, ...]
    questions: tuple[Question, ...] = ()
    secrets: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    workdir: str | None = None
    entry_dir: str | None = None
    limits: Limits = field(default_factory=Limits)
    address_space: int = 1 << 40
    prefers_pypy: bool = False
    jobs: int = 1

    def placed(self, workdir: str, entry_dir: str) -> "Request":
        """The same request for an image that runs in `workdir` and starts from a script in `entry_dir`."""
        return replace(self, workdir=workdir, entry_dir=entry_dir)

    def literal(self) -> bytes:
        """The request as the Python literal that the probe reads."""
        form: dict[str, Any] = {
            "version": 1,
            "modules": list(self.modules),
            "workdir": self.workdir,
            "entry_dir": self.entry_dir,
            "environment": dict(self.environment),
            "secrets": list(self.secrets),
            "questions": [{"name": each.name, "equals": each.equals, "type": each.type} for each in self.questions],
            "known": list(self.known),
            "limits": {
                "module_seconds": self.limits.seconds,
                "memory_bytes": self.address_space,
                "output_bytes": self.limits.output_bytes,
                "answer_bytes": self.limits.answer_bytes,
                "jobs": self.jobs,
            },
        }
        return ascii(form).encode("ascii")


class Exchange:
    """One conversation with a probe: what to write to its stdin, and how to read what came back.

    A nonce that the modules under check never see frames the answer, so that nothing else can pass for it.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self._nonce = os.urandom(16).hex()

    @property
    def question(self) -> bytes:
        """What the interpreter reads on stdin after the probe's source: the request and the nonce."""
        return asked(self._request.literal(), self._nonce)

    @property
    def end(self) -> bytes:
        """What the answer ends with."""
        return end_of_answer(self._nonce)

    def facts(self, stdout: bytes) -> Facts:
        """The facts in what the probe printed.

        Raises:
            ProbeError: the answer is missing, incomplete, forged, or not to this request.
        """
        answer = read_answer(stdout, self._nonce)
        answers = answer.get("environment")
        if not isinstance(answers, list) or len(answers) != len(self._request.questions):
            raise ProbeError("the probe did not answer every question about the environment")
        for question, reply in zip(self._request.questions, answers, strict=True):
            if not isinstance(reply, dict) or reply.pop("name", None) != question.name:
                raise ProbeError("the probe answered another question than was asked")
            reply["question"] = question
        try:
            facts = Facts.model_validate(answer)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise ProbeError(f"the probe's answer is not well formed: {where}: {first['msg']}") from None
        if [module.requested for module in facts.modules] != list(self._request.modules):
            raise ProbeError("the probe answered for other modules than were asked")
        return facts
