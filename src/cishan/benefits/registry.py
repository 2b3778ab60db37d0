"""Loads the registry's rows through the households room, which alone writes its tables."""

from collections import Counter
from collections.abc import Sequence

from cishan.benefits.rules import ADDRESS, CASE, ID_NUMBER, NAME, VILLAGE
from cishan.benefits.staging import Counts
from cishan.csv_files import RowError
from cishan.households.bulk import RegistryLoader, Verdict
from cishan.households.registry_rows import RegistryRow

COLUMN_OF = {
    "case_number": CASE,
    "division_code": VILLAGE,
    "address": ADDRESS,
    "name": NAME,
    "id_number": ID_NUMBER,
}


class RegistryFile:
    """Counts what a registry file does while its rows go to the households room."""

    def __init__(self, loader: RegistryLoader) -> None:
        self._loader = loader
        self._counts: Counter[Verdict] = Counter()

    async def begin(self) -> None:
        """Nothing to prepare: the rows are compared as they come."""

    async def take(self, given: Sequence[RegistryRow], *, write: bool) -> list[RowError]:
        verdicts, wrong = await self._loader.take(given, write=write)
        self._counts.update(verdicts)
        return [RowError(one.row, COLUMN_OF[one.about], one.sentence) for one in wrong]

    async def finish(self, *, write: bool) -> tuple[Counts, list[RowError]]:
        counts = self._counts
        return Counts(counts[Verdict.NEW], counts[Verdict.SAME], counts[Verdict.CHANGED]), []
