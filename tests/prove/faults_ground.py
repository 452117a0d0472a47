"""The stages that faults befall calls on, each good for all faults that need one like it."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path

from tests.harness import ORG, text_of
from tests.prove.faults_calls import Call, Kept
from tests.prove.faults_http import Request
from tests.prove.faults_kinds import WRITES, Fault
from tests.prove.faults_stage import NotProved, Stage, staged
from tests.prove.faults_time import Times
from tests.prove.faults_wire import PassingTime

_USUAL = Times()
# Where answers never come the time limit is a real wait. Its share of the patience is the usual one, so that as many
# tries are made, and it is enough for all other requests on a machine that has much else to do.
_SHORT = Times(limit=_USUAL.limit / 5, patience=_USUAL.patience / 5)


@dataclass(frozen=True)
class Place:
    """What a stage is like on which faults befall calls; what is alike can be one. See `Fault` for the attributes."""

    era: str
    ahead: timedelta
    app: bool
    slow: bool
    etags: bool

    @classmethod
    def of(cls, fault: Fault, era: str) -> Place:
        return cls(era, fault.ahead, fault.app, fault.slow, fault.etags)


class Ground:
    """A stage, and what is known of it.

    Attributes:
        kept: the world as it was.
        times: what is allowed.
        undisturbed: what each tool sends without a fault, as far as it was tried.
        names: new ones for campaigns.
        spoilt: nothing more can be proved on it.
    """

    def __init__(self, stage: Stage, times: Times) -> None:
        self.stage = stage
        self.times = times
        self.kept = Kept(stage)
        self.undisturbed: dict[str, list[Request]] = {}
        self.names = (f"Stop cross-site scripting {number}" for number in count(1))
        self.spoilt = False
        # Looking for what became of earlier writes is due by the machine's clock, and would disturb what is counted.
        stage.app.looked.update({("publications", ORG): math.inf, ("audit", ORG): math.inf})

    async def control(self, tool: str) -> None:
        """Make the call without a fault, and remember what it sends: the second time, when the account is known.

        Raises:
            NotProved: it goes wrong without a fault, too.
        """
        if tool in self.undisturbed:
            return
        sent: dict[str, list[Request]] = {}
        for _ in range(2 if tool in WRITES else 1):
            call = Call(tool, next(self.names))
            await self.stage.github.begin()
            result = await self.stage.call(tool, call.arguments(self.stage.sandbox))
            if result.is_error or call.answered(result.structured_content or {}) != call.truth(self.stage.sandbox):
                raise NotProved(f"without a fault: {text_of(result)[:300]}")
            sent[tool] = self.stage.github.requests
            self.kept.put_back()
        self.undisturbed |= sent


@asynccontextmanager
async def ground(place: Place, folder: Path) -> AsyncIterator[Ground]:
    """Set up a stage; `folder` is for what it keeps."""
    folder.mkdir(parents=True)
    times = _SHORT if place.slow else _USUAL
    async with staged(
        place.era,
        folder,
        time=PassingTime(place.ahead),
        app=place.app,
        limit=times.limit,
        patience=times.patience,
    ) as stage:
        stage.github.etags = place.etags
        yield Ground(stage, times)
