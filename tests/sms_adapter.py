"""SMS providers' adapters as a deployment would name them: one that sends nothing, and two that can't be used."""

from cishan.settings import Settings


class SilentProvider:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    async def send(self, key: str, phone: str, text: str) -> None:
        return None


class LockedProvider:
    """Whatever an adapter may raise that is no mistake of naming."""

    def __init__(self, settings: Settings) -> None:
        raise RuntimeError("the provider's key file is missing")


class NoProvider:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
