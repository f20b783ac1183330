"""The folder that the steps of a run share, and what they tell each other in it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from picket.events import AssetType
from picket.tools.record import Record


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Order(_Told):
    """What is to be run on what; `refused` says why nothing is. It holds no address and no nonce of the run."""

    tool: str
    asset_type: AssetType
    asset: str
    files: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    refused: str = ""


class Ended(_Told):
    """How the tool ended; `output` is the name of the file with its report, empty if it has none."""

    record: Record
    output: Literal["", "report", "stdout"] = ""
    root: str = Field(default="", description="Folder that the tool was in: paths begin with it")


@dataclass(frozen=True, slots=True)
class Workplace:
    """The folder."""

    folder: Path

    @property
    def tree(self) -> Path:
        """Folder of what the tool looks at."""
        return self.folder / "tree"

    @property
    def output(self) -> Path:
        """Folder that the tool may write its report and its messages to."""
        return self.folder / "output"

    @property
    def scratch(self) -> Path:
        """Folder for whatever else the tool writes: its home, and temporary files."""
        return self.folder / "scratch"

    @property
    def order_file(self) -> Path:
        """File with the order."""
        return self.folder / "order.json"

    @property
    def begun_file(self) -> Path:
        """File that grows by a byte with each start of the tool."""
        return self.folder / "begun"

    @property
    def ended_file(self) -> Path:
        """File with how the tool ended."""
        return self.folder / "ended.json"

    def begin(self) -> int:
        """Note that the tool is started, with nothing that an earlier start has written; return how often it was."""
        for folder in (self.output, self.scratch):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        with self.begun_file.open("ab") as file:
            file.write(b".")
            return file.tell()

    def ask(self, order: Order) -> None:
        """Write the order: whole, or not at all."""
        _write(self.order_file, order.model_dump_json())

    def tell(self, ended: Ended) -> None:
        """Write how the tool ended: whole, or not at all."""
        _write(self.ended_file, ended.model_dump_json())

    def order(self) -> Order:
        """Read the order."""
        return Order.model_validate_json(self.order_file.read_bytes())

    def ended(self) -> Ended:
        """Read how the tool ended."""
        return Ended.model_validate_json(self.ended_file.read_bytes())


def _write(file: Path, text: str) -> None:
    fresh = file.with_suffix(".new")
    fresh.write_text(text)
    fresh.rename(file)
